"""A service manager's end of its socket."""

import socket
import time


class Manager:
    """The manager's end: a datagram socket, by a path or by an abstract name."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def hear(self, within_seconds: float = 5.0) -> dict[str, str]:
        """The next message."""
        self._socket.settimeout(max(within_seconds, 0.001))
        lines = self._socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def hear_until(self, wanted: str, within_seconds: float) -> dict[str, str]:
        """The next message that sets `wanted`; what comes before it is passed over."""
        deadline = time.monotonic() + within_seconds
        while wanted not in (message := self.hear(deadline - time.monotonic())):
            pass
        return message

    def hears_nothing(self) -> bool:
        """Whether all that was sent has been heard."""
        self._socket.setblocking(False)
        try:
            return not self._socket.recv(4096)
        except BlockingIOError:
            return True

    def close(self) -> None:
        self._socket.close()
