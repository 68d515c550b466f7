"""
The client of the line protocol: blocking, for a program that asks one thing and waits for it.

`endpoint` names a daemon, `reaching` connects, over `tls` to one that `trust` lets pass, `wire` moves bytes,
`conversation` drives the protocol over a wire, and `asking` asks one line from the beginning to the end. No
event loop is imported, and ssl only for who asks over TLS: the start is quick.
"""
