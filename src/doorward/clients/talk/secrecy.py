"""
What in a conversation is a secret: what the peer asks for, and the login commands that carry one.

Guesses, by what servers of FTP, POP3, SMTP, IMAP, NNTP, HTTP, Redis and IRC want and by what prompts say in
many languages. What is wrongly taken for a secret is hidden, and no more.
"""

import re
import unicodedata
from base64 import b64decode
from binascii import Error as NoBase64

_LONG = (
    "password|passwd|passphrase|pass phrase|passcode|mot de passe|passwort|kennwort|"
    r"contrase(?:ñ|n|\\xf1)a|palavra-passe|senha|wachtwoord|lösenord|passord|adgangskode|kodeord|salasana|"
    "hasł|hesl[oa]|lozink|geslo|jelsz[óo]|parol|şifre|kodu|пароль|пароля|парол|κωδικός"
)
_SHORT = "pin|pins|secret|otp|totp|tan|token|clave|(?:api|secret|private) key"
_CODES = (
    r"(?:verification|security|authentication|authenticator|access|confirmation|login|one[- ]time|2fa|mfa|"
    r"backup|secret) code|code (?:de |d')\w+|c[oó]digo de \w+|\w*code secret|"
    r"(?:bestätigungs|sicherheits|einmal|zugangs)-?code"
)
_WITHOUT_SPACES = "密码|密碼|口令|验证码|驗證碼|パスワード|暗証番号|비밀번호|암호|סיסמה|كلمة المرور|كلمة السر"
_WORD = rf"(?:\w*(?:{_LONG})\w{{0,3}}|(?<!\w)(?:{_SHORT}|{_CODES})(?!\w)|(?:{_WITHOUT_SPACES}))"

_PROMPT = re.compile(rf"{_WORD}[^\n]{{0,40}}[:?>：？]\s*$", re.IGNORECASE)  # noqa: RUF001 - as they type there
_WANTED = re.compile(
    rf"\b(?:enter|specify|supply|provide|type|give|send|need)\b[^\n]{{0,40}}{_WORD}[\s.!]*$"
    rf"|{_WORD}\s+(?:is\s+)?(?:required|needed|expected)\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\s*(?:[45][0-9][0-9][ -]|-ERR\b)")
_WANTED_BY_CODE = re.compile(r"\s*(?:331[ -]|\+OK\b.*\bpass(?:word)?\b)", re.IGNORECASE)
"""RFC 959 section 4.2.2: 331 is "need password"; what POP3 says is for people, and for no program."""

_CHALLENGE = re.compile(r"\s*(?P<code>334|\+)(?:\s+(?P<text>[A-Za-z0-9+/]*={0,2}))?\s*$")
"""Of SASL: RFC 4954 section 4, RFC 5034 section 4, RFC 9051 section 7.6."""

_NAME = re.compile(rb"\s*(?:user|login|account|name)", re.IGNORECASE)

_MECHANISMS = (
    r"(?:PLAIN|LOGIN|EXTERNAL|ANONYMOUS|CRAM-MD5|DIGEST-MD5|SCRAM-[\w-]+|NTLM|GSSAPI|GS2-[\w-]+|XOAUTH2?|"
    r"OAUTHBEARER|KERBEROS_V\d|TLS|SSL|TLS-[CP])"
)
_QUOTED = r'(?:"(?:[^"\\]|\\.)*"|\S+)'
_COMMAND = re.compile(
    r"(?:"
    r"PASS\s+"
    rf"|(?:APOP|OPER)\s+{_QUOTED}\s+"
    rf"|(?:(?:\S{{1,64}}\s+)?AUTHENTICATE|AUTH)\s+\"?{_MECHANISMS}\"?\s+"
    rf"|(?:\S{{1,64}}\s+)?LOGIN\s+(?!\{{){_QUOTED}\s+(?!\{{[0-9]+\+?\}}\s*$)"
    rf"|(?:(?:\S{{1,64}}\s+)?AUTHENTICATE|AUTH)\s+(?!\"?{_MECHANISMS}\"?(?:\s|$))"
    rf"|AUTHINFO\s+(?:PASS|SASL\s+{_QUOTED})\s+"
    rf"|(?:PRIVMSG\s+)?NICKSERV\s+:?IDENTIFY\s+"
    r"|(?:(?:Proxy-)?Authorization|Cookie|X-Api-Key|X-Auth-Token)\s*:\s*"
    r"|PASSWORD(?:\s*[:=]\s*|\s+)"
    r")(?P<secret>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
"""
FTP, POP3, IRC; SMTP, POP3, IMAP with SASL, or FTP before TLS, which has nothing behind it; IMAP; Redis, and
what controls Tor; NNTP; IRC; HTTP.
"""

_LOGIN_WITH_LITERAL = re.compile(r"(?:\S{1,64}\s+)?(?:LOGIN|AUTHENTICATE)\s", re.IGNORECASE)
_LITERAL = re.compile(r"\{[0-9]{1,10}\+?\}$")
"""What follows the line that it ends is part of it: RFC 9051 section 4.3, RFC 7888, RFC 5804 section 1.2."""


def asks_for_secret(line: str) -> bool:
    """Whether the peer, by the last line that it wrote, wants what nobody should see."""
    line = unicodedata.normalize("NFC", line[-200:])
    if _PROMPT.search(line) or _WANTED_BY_CODE.match(line):
        return True
    challenge = _CHALLENGE.match(line)
    if challenge is not None:
        return _is_for_secret(challenge["text"] or "", is_sasl_alone=challenge["code"] == "334")
    return _WANTED.search(line) is not None and not _REFUSED.match(line)


def _is_for_secret(challenge: str, *, is_sasl_alone: bool) -> bool:
    """An empty one wants all that a mechanism sends at once; IMAP has a + for other things too."""
    try:
        asked = b64decode(challenge, validate=True)
    except NoBase64:
        return is_sasl_alone
    if _NAME.match(asked):
        return False
    return is_sasl_alone or asked.rstrip(b"\0").isascii()


def secret_in(line: str) -> str:
    """What of `line` is the secret of a login command; empty for none."""
    match = _COMMAND.match(line.strip())
    return match["secret"] if match is not None else ""


class LoginLines:
    """
    The lines that one side says, one after the other: a login can go on in the next, as a literal of IMAP.

    Attributes:
        is_in_login: the next line is a part of a login command, and so a secret.
    """

    def __init__(self) -> None:
        self.is_in_login = False

    def secret_in(self, line: str) -> str:
        """What of `line`, which is said next, is a secret; empty for none."""
        line = line.strip()
        was_in_login = self.is_in_login
        begins = was_in_login or _LOGIN_WITH_LITERAL.match(line) is not None
        self.is_in_login = begins and _LITERAL.search(line) is not None
        if was_in_login:
            return line
        return "" if self.is_in_login else secret_in(line)

    def holds_secret(self, text: str) -> bool:
        """Whether, of the lines of `text`, one would be a secret if they were said next."""
        ahead = LoginLines()
        ahead.is_in_login = self.is_in_login
        return any(ahead.secret_in(line) for line in text.split("\n"))

    def answered(self, line: str) -> None:
        """Take in what the other side says: all but a `+` and what has no tag ends a login that went on."""
        if self.is_in_login and line.strip() and not line.startswith(("+", "*")):
            self.is_in_login = False
