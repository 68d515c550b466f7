"""In front of every door: listening sockets, admission, deadlines."""
