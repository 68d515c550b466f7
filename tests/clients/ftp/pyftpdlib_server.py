"""The server of pyftpdlib, as a program: HOST PORT FOLDER PASSWORD."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


def serve(host: str, port: int, folder: str, password: str) -> None:
    """Serve `folder` to the user `alice`, who may do everything there."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("alice", password, folder, perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]
        pass

    Handler.authorizer = authorizer
    FTPServer((host, port), Handler).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
