"""
The client of SSH, for a program that asks one thing and waits for it, of a daemon or of any other server.

`configuration` says where and as whom, from the URL and the user's `~/.ssh/config`; `hosts` whom we take for
the server; `connecting` reaches it and logs in; `session` is one command on its channel, `sending` its stdin,
and `asking` asks one line from the beginning to the end. It runs a loop of its own and blocks.
"""
