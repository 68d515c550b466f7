"""
The client of the web door's API, for a program that asks one thing and waits for it.

`connecting` reaches a server that is trusted, `api` makes requests of it and understands what is answered,
`events` reads an event stream, `following` follows a run by it over broken connections, `output` writes what
comes, and `asking` asks one line from the beginning to the end. It runs a loop of its own and blocks.
"""
