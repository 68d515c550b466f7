"""The web door: pages for people and an interface for programs, over HTTP/1.1."""
