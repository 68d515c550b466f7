"""What is printed when the doors are open: lines that can be typed as they are."""

from pathlib import Path

import pytest

from doorward.cli.banner import _LINES, banner
from doorward.compose.opened import Opened
from doorward.config import load_settings
from doorward.core.principal import User
from doorward.core.secret import Secret
from doorward.core.settings import DOOR_KINDS, DoorSettings, Settings
from doorward.stores.certificate_reading import certificate_of
from doorward.stores.first_start import FirstUser
from doorward.stores.users import UserFile
from tests.certificates import make_certificate

PROGRAM = "doorward"


def settings_with(door: DoorSettings) -> Settings:
    return Settings(file="/etc/x.toml", doors={"tls": door}, catalogue=load_settings(None).catalogue)


def lines_of(
    folder: Path,
    addresses: tuple[str, ...] = ("127.0.0.1:7023", "[::1]:7023"),
    *,
    door: DoorSettings | None = None,
    names: tuple[str, ...] = (),
    first_user: FirstUser | None = None,
) -> list[str]:
    settings = settings_with(door or DoorSettings(name="tls", listen=()))
    certificate = certificate_of(make_certificate("x", names=names or ("localhost",)).der, file="x")
    opened = Opened(
        doors={"tls": addresses},
        settings=settings,
        users=UserFile(folder).load(),
        state_folder=folder,
        notices=(),
        certificates={"tls": certificate},
        first_user=first_user,
    )
    text = banner(opened, program=PROGRAM, environment={})
    return [line.strip().removeprefix("tls").strip() for line in text.splitlines()]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `ask` looks by itself, with one user who has a password."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".doorward"
    folder.mkdir(mode=0o700)
    add(folder, "alice")
    return folder


def add(folder: Path, name: str) -> None:
    digest = "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43
    roles = frozenset({"admin"}) if name == "admin" else frozenset[str]()
    UserFile(folder).add(User(name=name, roles=roles, password_hash=digest))


def test_the_tls_door_s_lines_need_no_option_where_ask_finds_the_certificate(state: Path) -> None:
    lines = lines_of(state)
    assert "openssl s_client -quiet -connect 127.0.0.1:7023" in lines
    assert "openssl s_client -quiet -connect '[::1]:7023'" in lines
    assert "doorward ask --at tls://127.0.0.1:7023 df" in lines
    assert not any("Notice" in line for line in lines)


def test_elsewhere_ask_is_told_where_the_certificate_is(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert any(
        line.startswith("doorward ask --state ") and str(state)[1:] in line for line in lines_of(state)
    )


def test_a_name_is_typed_only_where_the_password_alone_says_not_who(state: Path) -> None:
    add(state, "bob")
    assert "doorward ask --at tls://127.0.0.1:7023 --user alice df" in lines_of(state)
    add(state, "admin")
    assert "doorward ask --at tls://127.0.0.1:7023 --user admin df" in lines_of(state)
    door = DoorSettings(name="tls", listen=(), user="bob")
    assert "doorward ask --at tls://127.0.0.1:7023 df" in lines_of(state, door=door)


def test_all_addresses_are_reached_by_the_name_of_the_certificate_or_on_loopback(state: Path) -> None:
    everywhere = ("0.0.0.0:7023", "[::]:7023")
    own = lines_of(state, everywhere)
    assert "openssl s_client -quiet -connect 127.0.0.1:7023" in own
    assert "openssl s_client -quiet -connect '[::1]:7023'" in own
    door = DoorSettings(name="tls", listen=(), certificate="/etc/cert.pem")
    named = lines_of(state, everywhere, door=door, names=("tower.example", "x.example"))
    assert [line for line in named if "s_client" in line] == [
        "openssl s_client -quiet -connect tower.example:7023"
    ]
    assert "doorward ask --at tls://tower.example:7023 df" in named
    wild = lines_of(state, everywhere, door=door, names=("*.example",))
    assert "doorward ask --at tls://127.0.0.1:7023 df" in wild


def test_the_certificate_s_fingerprint_is_shown(state: Path) -> None:
    (line,) = (line for line in lines_of(state) if line.startswith("certificate"))
    assert "for localhost, until " in line
    assert len(line.partition("SHA-256 ")[2].split(":")) == 32


def test_the_first_password_is_shown(state: Path) -> None:
    first = FirstUser("admin", Secret("kX-secret"))
    assert "The password of admin, shown this once: kX-secret" in lines_of(state, first_user=first)
    assert "shown this once" not in "".join(lines_of(state))


def test_every_door_has_lines_to_type() -> None:
    assert set(_LINES) == set(DOOR_KINDS)


@pytest.mark.parametrize(
    ("path", "is_told"), [("/nowhere/doorward.sock", True), ("/doorward.sock", False), ("\0a/b", False)]
)
def test_an_inherited_socket_in_a_folder_that_is_not_seen_is_told_of(
    state: Path, path: str, *, is_told: bool
) -> None:
    settings = Settings(file="/etc/x.toml", catalogue=load_settings(None).catalogue)
    opened = Opened(
        doors={"unix": (path,)},
        settings=settings,
        users=(User(name="eve", uid=54321),),
        state_folder=state,
        notices=(),
        certificates={},
    )
    text = banner(opened, program=PROGRAM, environment={})
    assert (f"reaches the socket {path}" in text or f"reach the socket {path}" in text) is is_told


def test_a_tls_door_at_which_nobody_can_log_in_is_told(state: Path) -> None:
    UserFile(state).remove("alice")
    assert "Notice: nobody can log in at the tls door yet; type: doorward user add NAME" in lines_of(state)


@pytest.mark.parametrize(
    ("door", "names", "url"),
    [
        (DoorSettings(name="web", listen=()), (), "http://127.0.0.1:7024"),
        (
            DoorSettings(name="web", listen=(), certificate="/etc/c.pem"),
            ("a.example",),
            "https://a.example:7024",
        ),
    ],
)
def test_the_web_door_s_lines_are_for_a_browser_curl_and_ask(
    state: Path, door: DoorSettings, names: tuple[str, ...], url: str
) -> None:
    opened = Opened(
        doors={"web": ("127.0.0.1:7024",)},
        settings=Settings(file="/etc/x.toml", doors={"web": door}, catalogue=load_settings(None).catalogue),
        users=UserFile(state).load(),
        state_folder=state,
        notices=(),
        certificates=(
            {"web": certificate_of(make_certificate("x", names=names).der, file="x")} if names else {}
        ),
    )
    text = banner(opened, program=PROGRAM, environment={})
    assert f"{url}/ in a browser" in text
    assert f"curl -u alice {url}/df" in text
    assert f"doorward ask --at {url} --user alice df" in text


def test_the_ssh_door_s_lines_name_somebody_who_can_log_in_and_the_host_key(state: Path) -> None:
    opened = Opened(
        doors={"ssh": ("0.0.0.0:7025", "[::1]:22")},
        settings=Settings(
            file="/etc/x.toml",
            doors={"ssh": DoorSettings(name="ssh", listen=())},
            catalogue=load_settings(None).catalogue,
        ),
        users=(User(name="eve", uid=7), User(name="alice", keys=("k",))),
        state_folder=state,
        notices=(),
        certificates={},
        host_key="SHA256:abc",
    )
    text = banner(opened, program=PROGRAM, environment={})
    assert (
        "  ssh  ssh -p 7025 alice@127.0.0.1 df\n"
        "       ssh -p 7025 alice@127.0.0.1\n"
        "       ssh -p 22 alice@::1\n"
        "       doorward ask --at ssh://alice@127.0.0.1:7025 df\n"
    ) in text
    assert "host key       SHA256:abc\n" in text
    assert "Notice" not in text
