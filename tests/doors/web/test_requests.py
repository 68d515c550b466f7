"""Requests to the real daemon: who may ask, for which host, and what every answer has."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.doors.daemon import TCP, Daemon, running
from tests.doors.tls_peers import PASSWORD
from tests.doors.web.house import (
    USERS,
    asked,
    asked_over_tls,
    basic,
    get,
    request,
    web_address,
)


def test_health_is_told_to_everybody(daemon: Daemon) -> None:
    reply = asked(daemon, request("/healthz"))
    assert (reply.status, reply.body) == (200, b"ok\n")


def test_every_answer_is_safe_for_a_browser(daemon: Daemon) -> None:
    for path in ("/healthz", "/nothing", "/api/v1/nothing", "/runs"):
        reply = asked(daemon, request(path))
        assert reply.header("X-Content-Type-Options") == "nosniff", path
        assert "frame-ancestors 'none'" in reply.header("Content-Security-Policy"), path
        assert reply.header("Cache-Control") == "no-store", path
        assert reply.header("Server") == "doorward", path
        assert not reply.header("Strict-Transport-Security"), path


def test_a_name_that_is_not_ours_is_misdirected(daemon: Daemon) -> None:
    reply = asked(daemon, request("/healthz", host="evil.example"))
    assert reply.status == 421
    assert b'hosts = ["evil.example"]' in reply.body
    assert asked(daemon, request("/healthz", host="LOCALHOST:1")).status == 200


def test_another_site_s_page_fetches_nothing_and_changes_nothing(daemon: Daemon) -> None:
    cross = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
    assert get(daemon, "/healthz", *cross).status == 403
    for field in ("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"):
        changing = request("/healthz", field, f"Authorization: {basic()}", method="DELETE")
        assert asked(daemon, changing).status in {403, 405}, field


def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(daemon: Daemon) -> None:
    reply = asked(daemon, request("/healthz", method="DELETE"))
    assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD")


def test_a_failed_login_is_told_to_programs_with_both_challenges(daemon: Daemon) -> None:
    reply = asked(daemon, request("/healthz", f"Authorization: {basic(password='wrong')}"))
    assert reply.status == 401
    assert 'Basic realm="doorward", charset="UTF-8"' in reply.head
    assert 'Bearer realm="doorward"' in reply.head
    daemon.audited(event="refusal", door="web", reason="wrong name or password")


def test_a_good_pair_is_hashed_once_and_written_down_once(tmp_path: Path) -> None:
    with running(tmp_path, TCP + '[doors.web]\nlisten = ["127.0.0.1:0"]\n' + USERS) as daemon:
        for _ in range(3):
            assert get(daemon, "/nothing").status == 404
        get(daemon, "/healthz")
        get(daemon, "/healthz")
        daemon.audited(event="login", who="alice", door="web")
        logins = [line for line in daemon.audit() if line["event"] == "login"]
        assert len(logins) == 1


def test_off_loopback_it_speaks_tls_alone(tmp_path: Path) -> None:
    config = TCP + '[doors.web]\nlisten = ["0.0.0.0:0"]\n' + USERS
    with running(tmp_path, config) as daemon:
        address = web_address(daemon)
        certificate = daemon.state / "cert.pem"
        reply = asked_over_tls(address, certificate, request("/healthz"))
        assert (reply.status, reply.body) == (200, b"ok\n")
        assert reply.header("Strict-Transport-Security") == "max-age=31536000"
        assert asked(daemon, request("/healthz")).status == 0


def test_a_session_over_tls_is_one_that_browsers_give_to_nobody_else(tmp_path: Path) -> None:
    config = TCP + '[doors.web]\nlisten = ["0.0.0.0:0"]\n' + USERS
    with running(tmp_path, config) as daemon:
        form = urlencode({"name": "alice", "password": PASSWORD}).encode()
        kind = "Content-Type: application/x-www-form-urlencoded"
        signs_in = request("/signin", kind, method="POST", body=form)
        reply = asked_over_tls(web_address(daemon), daemon.state / "cert.pem", signs_in)
        name, *attributes = re.split("[=;] ?", reply.header("Set-Cookie"))
        assert (reply.status, name) == (303, "__Host-doorward")
        assert {"Secure", "HttpOnly", "Path", "SameSite", "Strict"} <= set(attributes)
        assert "Domain" not in attributes


def test_behind_a_proxy_the_client_is_who_the_proxy_says(tmp_path: Path) -> None:
    web = '[doors.web]\nlisten = ["0.0.0.0:0"]\nproxies = ["127.0.0.1"]\npublic_url = "https://ops.example.org"\n'
    with running(tmp_path, TCP + web + USERS) as daemon:
        fields = ("X-Forwarded-For: 203.0.113.9, 198.51.100.7", "X-Forwarded-Proto: https")
        wrong = request(
            "/healthz", *fields, f"Authorization: {basic(password='wrong')}", host="ops.example.org"
        )
        reply = asked(daemon, wrong)
        assert reply.status == 401
        assert reply.header("Strict-Transport-Security")
        daemon.audited(event="refusal", **{"from": "198.51.100.7"})
        # three more and it is shut out, while the proxy's other clients are not
        for _ in range(3):
            asked(daemon, wrong)
        assert asked(daemon, wrong).status == 429
        other = wrong.replace(b"198.51.100.7", b"198.51.100.8")
        assert asked(daemon, other).status == 401
        # who is no proxy does not get in by plain HTTP
        assert asked(daemon, request("/healthz", host="ops.example.org"), source="127.0.0.2").status == 0


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_target_that_says_the_host_as_well_is_answered_for_that_host(daemon: Daemon, scheme: str) -> None:
    login = f"Authorization: {basic()}"
    for target, shown in (("/whoami/x?y=1", b"/whoami/x?y=1\n"), ("?y=1", b""), ("", b"")):
        reply = asked(daemon, request(f"{scheme}://localhost{target}", login, host="elsewhere.example"))
        assert reply.status == 200, target
        assert reply.body.startswith(shown)
    for authority in ("elsewhere.example", "localhost@elsewhere.example", "localhost:80:80"):
        assert asked(daemon, request(f"{scheme}://{authority}/healthz", host="localhost")).status in {
            400,
            421,
        }


def test_a_proxys_own_requests_are_answered_as_any(daemon: Daemon) -> None:
    reply = asked(daemon, request("http://127.0.0.1/signin?next=/runs", "Accept: text/html"))
    assert b'value="/runs"' in reply.body
