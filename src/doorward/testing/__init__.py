"""Public fakes, and the suites that a fake and the real thing both pass."""
