"""Twisted Conch: one key lets in, and every command has a fixed answer."""

# mypy: ignore-errors
# Conch says nothing of its types.

import sys
import warnings

warnings.simplefilter("ignore")

from twisted.conch.avatar import ConchUser  # noqa: E402 - after what it warns of
from twisted.conch.checkers import InMemorySSHKeyDB, SSHPublicKeyChecker  # noqa: E402
from twisted.conch.ssh import keys, session  # noqa: E402
from twisted.conch.ssh.factory import SSHFactory  # noqa: E402
from twisted.cred.portal import Portal  # noqa: E402
from twisted.internet import reactor  # noqa: E402
from twisted.python.components import registerAdapter  # noqa: E402
from zope.interface import implementer  # noqa: E402

ANSWER = b" 12:00:00 up 1 day,  1:00,  1 user,  load average: 0.00, 0.00\n"


class Avatar(ConchUser):
    def __init__(self) -> None:
        super().__init__()
        self.channelLookup[b"session"] = session.SSHSession


@implementer(session.ISession)
class Commands:
    def __init__(self, avatar: Avatar) -> None:
        self._avatar = avatar

    def execCommand(self, protocol, command):  # noqa: N802
        protocol.write(ANSWER)
        protocol.session.conn.sendRequest(protocol.session, b"exit-status", bytes(4))
        protocol.loseConnection()

    def eofReceived(self) -> None:  # noqa: N802
        """Nothing is read."""

    def closed(self) -> None:
        """Nothing is kept."""


registerAdapter(Commands, Avatar, session.ISession)


class Realm:
    def requestAvatar(self, _name, _mind, *interfaces):  # noqa: N802
        return interfaces[0], Avatar(), lambda: None


class Factory(SSHFactory):
    def __init__(self, host_key: str, authorized_key: str) -> None:
        key = keys.Key.fromFile(host_key)
        self.publicKeys = {key.sshType(): key.public()}
        self.privateKeys = {key.sshType(): key}
        known = InMemorySSHKeyDB({b"alice": [keys.Key.fromFile(authorized_key)]})
        self.portal = Portal(Realm(), [SSHPublicKeyChecker(known)])

    def getPrimes(self) -> None:  # noqa: N802
        """No groups of its own."""


if __name__ == "__main__":
    port = reactor.listenTCP(0, Factory(sys.argv[1], sys.argv[2]), backlog=1024, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()
