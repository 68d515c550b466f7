"""What is taken for a secret, and for a question that wants one."""

import pytest

from doorward.clients.talk.secrecy import LoginLines, asks_for_secret, secret_in


@pytest.mark.parametrize(
    "line",
    [
        "Password: ",
        "alice's password:",
        "Password?",
        "Enter your password",
        "Enter passphrase for key: ",
        "334 PIN> ",
        "331 Please specify the password.",
        "331 Password required for alice",
        "331 User alice OK. Password required",
        "331 Anonymous login ok, send your complete email address as your password",
        "+OK send PASS",
        "334 UGFzc3dvcmQ6",
        "334 ",
        "334 PDEyMy40NTZAbWFpbC5leGFtcGxlPg==",
        "+ ",
        "+",
        "+ UGFzc3dvcmQ6",
        "OTP: ",
        "Verification code: ",
        "One-time code: ",
        "Contraseña: ",
        "Contrasen\N{COMBINING TILDE}a: ",
        "Contrase\\xf1a: ",
        "Mot de passe : ",
        "Le mot de passe ?",
        "Code de vérification : ",
        "Kennwort: ",
        "Benutzerpasswort:",
        "Sicherheitscode: ",
        "Senha: ",
        "Wachtwoord: ",
        "Hasło: ",
        "Şifre: ",
        "Введите пароль: ",
        "密码\N{FULLWIDTH COLON}",
        "パスワード: ",
        "비밀번호: ",
    ],
)
def test_it_is_seen_that_a_secret_is_asked_for(line: str) -> None:
    assert asks_for_secret(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "login: ",
        "Username: ",
        "postcode: ",
        "pinned: ",
        "your password has expired",
        "250 password changed",
        "230 Login successful.",
        "250 AUTH PLAIN LOGIN",
        "334 VXNlcm5hbWU6",
        "+ VXNlciBOYW1lAA==",
        "+ idling",
        "+ OK",
        "+ Ready for literal data",
        "+OK",
        "+OK Dovecot ready.",
        "530 Please login with USER and PASS.",
        "535 password required",
    ],
)
def test_what_speaks_of_secrets_or_of_something_else_asks_for_none(line: str) -> None:
    assert not asks_for_secret(line)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("PASS x y\r\n", "x y"),
        (" pass x", "x"),
        ("PASS", ""),
        ("PASV", ""),
        ("USER alice", ""),
        ("APOP alice c4c9334bac560ecc979e58001b3e22fb", "c4c9334bac560ecc979e58001b3e22fb"),
        ("AUTH PLAIN AGE=", "AGE="),
        ("AUTH PLAIN", ""),
        ("AUTH LOGIN", ""),
        ("AUTH TLS", ""),
        ("AUTH hunter2", "hunter2"),
        ("AUTH alice hunter2", "alice hunter2"),
        ("a1 LOGIN alice s3same", "s3same"),
        ('a1 login "al ice" "s3 \\" same"', '"s3 \\" same"'),
        ("a1 LOGIN {5}", ""),
        ("a1 LOGIN alice {6}", ""),
        ("a1 LOGOUT", ""),
        ("a1 AUTHENTICATE PLAIN", ""),
        ("a1 AUTHENTICATE PLAIN AG=", "AG="),
        ('AUTHENTICATE "s3same"', '"s3same"'),
        ("AUTHINFO USER alice", ""),
        ("AUTHINFO PASS s3same", "s3same"),
        ("Authorization: Basic YTpi", "Basic YTpi"),
        ("proxy-authorization:Bearer t", "Bearer t"),
        ("PRIVMSG NickServ :IDENTIFY s3same", "s3same"),
        ("EHLO me", ""),
        ("passive x", ""),
    ],
)
def test_the_secret_of_a_login_command_is_found(line: str, secret: str) -> None:
    assert secret_in(line) == secret


@pytest.mark.parametrize(
    ("lines", "secrets"),
    [
        (["a1 LOGIN alice {6}", "s3same", "a2 NOOP"], ["", "s3same", ""]),
        (["a1 login {5+}\r\n", "alice {6+}\r\n", "s3same\r\n", "a2 NOOP"], ["", "alice {6+}", "s3same", ""]),
        (["a1 LOGIN {5}", 'alice "s3same"', "a2 NOOP"], ["", 'alice "s3same"', ""]),
        (['AUTHENTICATE "PLAIN" {24+}', "AGFsaWNlAHMzc2FtZQ==", "NOOP"], ["", "AGFsaWNlAHMzc2FtZQ==", ""]),
        (["a1 APPEND INBOX {6}", "hello", "PASS x"], ["", "", "x"]),
        (["a1 LOGIN alice s3same", "{6}", "a2 NOOP"], ["s3same", "", ""]),
    ],
)
def test_a_login_goes_on_in_the_next_line_as_a_literal(lines: list[str], secrets: list[str]) -> None:
    said = LoginLines()
    assert [said.secret_in(line) for line in lines] == secrets
    assert LoginLines().holds_secret("\n".join(line.strip() for line in lines))


def test_a_login_ends_with_an_answer_that_does_not_want_the_rest() -> None:
    said = LoginLines()
    for answer, goes_on in (("+ OK", True), ("* 1 EXISTS", True), ("", True), ("a1 BAD", False)):
        said.secret_in("a1 LOGIN alice {6}")
        said.answered(answer)
        assert said.is_in_login is goes_on
        assert said.holds_secret("x") is goes_on
