"""Bytes to text, whatever the chunks: UTF-8 in which nothing is lost, and one kind of line end."""

import codecs


class TextDecoder:
    """
    Text out of bytes.

    CR LF becomes LF; a byte that is no UTF-8 becomes a lone surrogate, and can be had back from it (PEP 383).
    A letter that is cut and a CR at the end of what came wait for what follows: at most four bytes.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._has_cr = False

    def receive_data(self, data: bytes) -> str:
        """What `data` goes on with."""
        return self._joined(self._decoder.decode(data))

    def receive_eof(self) -> str:
        """What was waiting."""
        rest = self._joined(self._decoder.decode(b"", final=True))
        return f"{rest}\r" if self._take_cr() else rest

    def _joined(self, text: str) -> str:
        if not text:
            return ""
        text = f"\r{text}" if self._take_cr() else text
        if text.endswith("\r"):
            self._has_cr = True
            text = text[:-1]
        return text.replace("\r\n", "\n")

    def _take_cr(self) -> bool:
        has_cr, self._has_cr = self._has_cr, False
        return has_cr
