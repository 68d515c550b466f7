"""Feeds: bytes in, a `Feed` out. Nothing in here fetches, stores or waits."""
