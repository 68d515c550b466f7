"""What a mail server's answers come to for a recipient."""

from doorward.core.errors import one_line
from doorward.core.mail import Delivered, Delivery

ANSWER_CHARACTERS = 500

_TOO_MANY_RECIPIENTS = 552
_LOGIN_WANTED = frozenset({530, 534, 538})


def judged(code: int, message: str) -> Delivered:
    """
    Take an answer by its first digit; one that is none of SMTP's is as good as no answer.

    Source: RFC 5321 section 4.2.1.
    """
    match code // 100:
        case 2:
            delivery = Delivery.ACCEPTED
        case 5:
            delivery = Delivery.REFUSED
        case _:
            delivery = Delivery.LATER
    return Delivered(delivery=delivery, answer=shown(code, message))


def judged_recipient(code: int, message: str) -> Delivered:
    """
    Take the answer to RCPT.

    With 552 a server means that there are too many for one time; that it wants a login, the keeper can mend.

    Source: RFC 5321 section 4.5.3.1.10.
    """
    if code == _TOO_MANY_RECIPIENTS or wants_login(code):
        return later(shown(code, message))
    return judged(code, message)


def later(answer: str) -> Delivered:
    """Not now."""
    return Delivered(delivery=Delivery.LATER, answer=cut(answer))


def refused(answer: str) -> Delivered:
    """Never."""
    return Delivered(delivery=Delivery.REFUSED, answer=cut(answer))


def wants_login(code: int) -> bool:
    """
    Whether the server takes mail only from who logs in or encrypts: no fault of the message.

    Source: RFC 4954 section 6.
    """
    return code in _LOGIN_WANTED


def shown(code: int, message: str) -> str:
    """`550 5.1.1 No such user`, on one line."""
    text = " ".join(message.split())
    return cut(f"{code} {text}" if code > 0 else text)


def cut(text: str) -> str:
    """`text` printable, and no longer than is worth keeping."""
    line = one_line(text)
    return line if len(line) <= ANSWER_CHARACTERS else f"{line[: ANSWER_CHARACTERS - 3]}..."
