"""Clients on bare sockets: the line protocol and a little HTTP, each on several ways to wait."""
