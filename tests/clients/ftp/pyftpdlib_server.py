"""
The server of pyftpdlib, as a program: HOST PORT FOLDER PASSWORD, and commands that it has no time for.

Those are answered with 451, and each of them has a line in `log`, beside FOLDER.
"""

import sys
from collections.abc import Collection
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


def serve(host: str, port: int, folder: str, password: str, busy: Collection[str]) -> None:
    """Serve `folder` to the user `alice`, who may do everything there."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("alice", password, folder, perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]
        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            if cmd in busy:
                with Path(folder).with_name("log").open("a") as log:
                    print(cmd, file=log)
                self.respond("451 Not now.")
            else:
                super().pre_process_command(line, cmd, arg)

    Handler.authorizer = authorizer
    FTPServer((host, port), Handler).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
