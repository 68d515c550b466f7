"""
The one place where objects are built and wired, and the daemon's life from its start to its end.

Each module is imported by its own name: a fetch has no use for the daemon.
"""
