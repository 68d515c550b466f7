"""
The client of the line protocol: blocking, for a program that asks one thing and waits for it.

`endpoint` finds and reaches a daemon, `wire` moves bytes, `conversation` drives the protocol over a wire, and
`asking` asks one line from the beginning to the end. No event loop is imported: the start is quick.
"""
