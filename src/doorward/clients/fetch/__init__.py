"""
A client of HTTP for anybody's servers, on aiohttp.

aiohttp makes the connections and speaks HTTP. Redirects, logins, proxies, compression and what an error means
are decided here: aiohttp's own ways send secrets to other hosts, unpack without a bound, and name no phase.
"""
