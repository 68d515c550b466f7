"""
The client of FTP and FTPS, which fetches a file or keeps a folder of them; a file is whole or an error.

`settings` say where and as whom, `urls` read that from a URL. `replies` and `commands` are the protocol
without I/O, `streams` one connection, `conversation` the one for commands, `data` those for files, and
`session` a login that survives them. `downloads` and `uploads` move files, and `client` is what a caller has
of all that: `open_download` for one file, `logged_in` for more. `store` and `place` are what has backups kept
there, with `listing`, `resuming`, `digests` and the kinds of `trouble`; `features` is what a server says that
it can do, and `listening` a port that it connects to.
"""
