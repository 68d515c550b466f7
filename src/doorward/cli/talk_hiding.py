"""Whether the line that somebody types in a conversation is hidden: as it began, until it has gone."""

from doorward.clients.talk.secrecy import LoginLines, asks_for_secret


class Hiding:
    """
    What the peer asked for, what is typed, and what the person wishes, taken together.

    A peer can speak at any time, as the console of a router does: that uncovers nothing that was hidden.
    """

    def __init__(self) -> None:
        self._unfinished = ""
        self._last_line = ""
        self._is_left_asking = False
        self._wish: bool | None = None
        self._was_asked = False
        self._logins = LoginLines()

    def hides(self, text: str) -> bool:
        """Whether `text`, as far as it is typed, is neither shown nor kept."""
        if self._wish is not None:
            return self._wish
        return self._is_asked or self._logins.holds_secret(text)

    def typed(self, text: str) -> None:
        """Take in what is typed so far: what answers a question that wants a secret stays hidden."""
        if text and self._wish is None and self._is_asked:
            self._wish = True

    def turn(self, text: str) -> None:
        """Hide `text` where it is shown, and show it where it is hidden."""
        self._wish = not self.hides(text)

    def came(self, lines: list[str], unfinished: str) -> None:
        """Take in what the peer wrote: lines, the first with what had not ended, and what has not now."""
        # nothing behind it on its line: a prompt that the peer left, and that nobody has answered
        if lines and lines[0] == self._unfinished and asks_for_secret(self._unfinished):
            self._is_left_asking = True
        self._last_line = next((line for line in reversed(lines) if line.strip()), self._last_line)
        self._unfinished = unfinished
        for line in lines:
            self._logins.answered(line)

    def take(self, text: str) -> bool:
        """Whether `text`, which goes now, is a secret. The next line begins anew."""
        is_secret = self.hides(text)
        self._was_asked = self._is_asked
        self._unfinished, self._last_line = "", ""
        self._is_left_asking, self._wish = False, None
        return is_secret

    def said(self, line: str) -> None:
        """Take in a line that is sent."""
        self._logins.secret_in(line)

    def refused(self) -> None:
        """What was taken last did not go: where it was asked for, it still is."""
        self._is_left_asking = self._was_asked

    @property
    def _is_asked(self) -> bool:
        if self._logins.is_in_login:
            return True
        if self._unfinished.strip():
            return asks_for_secret(self._unfinished)
        return self._is_left_asking or asks_for_secret(self._last_line)
