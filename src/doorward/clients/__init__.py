"""One client a protocol."""
