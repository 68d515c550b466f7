"""
A folder at a server of SSH that keeps backups: `sftp://`.

`store` says where it is and enters it, `login` reaches the server as a client of SSH does, `link` is the
connection that is made anew when it was lost, `place` is what can be done in the folder, `transfers` move
files with several requests under way, and `telling` says what an error means.
"""
