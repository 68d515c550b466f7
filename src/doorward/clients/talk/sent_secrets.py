"""The secrets that were sent in a conversation, left out where the peer repeats them, in whatever pieces."""

from doorward.core.secret import REDACTED


class SentSecrets:
    """
    All of one conversation.

    Attributes:
        most_begun_bytes: so much of one can stand at the end of what came while the rest of it has not come.
    """

    def __init__(self) -> None:
        self._secrets: list[str] = []
        self._bytes: list[bytes] = []
        self.most_begun_bytes = 0

    def add(self, secret: str) -> None:
        """Leave it out from now on."""
        if not secret or secret in self._secrets:
            return
        self._secrets.append(secret)
        self._secrets.sort(key=len, reverse=True)  # one may be part of another
        self._bytes = [each.encode("utf-8", "surrogateescape") for each in self._secrets]
        self.most_begun_bytes = max(map(len, self._bytes)) - 1

    def without(self, text: str) -> str:
        """`text` with dots for each of them."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def bytes_without(self, data: bytes) -> bytes:
        """`data` likewise."""
        for secret in self._bytes:
            data = data.replace(secret, REDACTED.encode())
        return data

    def begun_bytes(self, data: bytes) -> int:
        """How much of the end of `data`, which holds no whole one, may be the beginning of one."""
        return max((_begun_bytes(data, secret) for secret in self._bytes), default=0)


def _begun_bytes(data: bytes, secret: bytes) -> int:
    most = min(len(data), len(secret) - 1)
    return next((length for length in range(most, 0, -1) if data.endswith(secret[:length])), 0)
