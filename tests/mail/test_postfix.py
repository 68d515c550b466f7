"""Mail by way of Postfix, found in the mailbox that it wrote."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_string, policy
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from doorward.core.errors import ConnectError
from doorward.core.mail import Delivery
from doorward.core.mail_settings import MailSettings, MailTls
from tests.certificates import Authority, Written
from tests.daemon import DOORS, Shell, StartDaemon
from tests.mail.mailboxes import senders_in
from tests.mail.messages import ALICE, BOB, NOBODY, deliver, mail
from tests.mail.postfix import Postfix, running_postfix

pytestmark = [
    pytest.mark.needs_program("postfix", package="postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start Postfix"),
]

FEEDS = Path(__file__).parents[1] / "data"
TITLES = "CVE-2012-6656 (glibc)\nCVE-2014-0160 (openssl) \u2013 Heartbleed\n.\nFrom here on: nothing\n"


@pytest.fixture(scope="module")
def postfix(root: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    certificate = root.issue(tmp_path_factory.mktemp("postfix"), "localhost")
    with running_postfix(certificate) as running:
        yield running


def configuration(postfix: Postfix, doors: str = "") -> str:
    return f"""
{doors}
[mail]
server = "127.0.0.1:{postfix.port}"
from = "Ops <ops@ops.example.org>"
bounces_to = "bounces@ops.example.org"
to = "{ALICE}"
"""


def test_a_list_is_mailed_to_a_mailbox_with_an_envelope_apart_from_its_header(
    postfix: Postfix, shell: Shell
) -> None:
    (shell.folder / "doorward.toml").write_text(configuration(postfix))
    words = ("mail", "send", "--config", "doorward.toml", "--state", "state", "--json")
    run = shell.run(*words, "-s", "Vulnerabilities \u2013 today", stdin=TITLES)
    assert (run.returncode, run.stderr) == (0, "")
    text = postfix.mailboxes.await_message("alice", json.loads(run.stdout)["message_id"])
    assert senders_in(text)[-1] == "bounces@ops.example.org"
    assert "Return-Path: <bounces@ops.example.org>\n" in text
    assert "From: Ops <ops@ops.example.org>\n" in text
    assert "Subject: Vulnerabilities =?utf-8?b?4oCT?= today\n" in text
    assert "CVE-2014-0160 (openssl) =E2=80=93 Heartbleed\n.\n" in text


def test_the_titles_of_a_feed_are_found_in_the_mailbox(postfix: Postfix, shell: Shell) -> None:
    (shell.folder / "doorward.toml").write_text(configuration(postfix))
    with serving(FEEDS) as url:
        listed = shell.run("feed", "--text", f"{url}/nvd-rss-1.0.xml")
    assert (listed.returncode, listed.stderr) == (0, "")
    words = (
        "mail",
        "send",
        "--config",
        "doorward.toml",
        "--state",
        "state",
        "--json",
        "-s",
        "Vulnerabilities",
    )
    run = shell.run(*words, stdin=listed.stdout)
    assert (run.returncode, run.stderr) == (0, "")
    text = postfix.mailboxes.await_message("alice", json.loads(run.stdout)["message_id"])
    # an mbox has one message behind the other
    last = text[text.rindex("\nFrom bounces@ops.example.org ") + 1 :] if "\nFrom " in text else text
    message = message_from_string(last.partition("\n")[2], policy=policy.default)
    assert message["Return-Path"] == "<bounces@ops.example.org>"
    assert message["From"] == "Ops <ops@ops.example.org>"
    got = message.get_content()
    assert got.count("CVE-") >= 1404
    assert "CVE-2025-48384 (git)" in got


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of the standard library that shows a folder."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_daemon_delivers_what_somebody_else_queued(postfix: Postfix, start_daemon: StartDaemon) -> None:
    text = configuration(postfix, DOORS)
    running = start_daemon(text)
    file = running.shell.folder / "doorward.toml"
    file.write_text(text)
    words = ("--config", str(file), "--state", str(running.state))
    run = running.shell.run("mail", "send", *words, "-s", "df", ALICE, stdin="full\n")
    assert (run.returncode, run.stdout) == (0, "Message 1 is queued; the daemon delivers it.\n")
    listed = json.loads(running.shell.run("mail", "queue", "list", *words, "--json").stdout)
    message_id = [each["message_id"] for each in listed]
    if message_id:
        postfix.mailboxes.await_message("alice", message_id[0])
    else:
        assert "Subject: df\n" in postfix.mailboxes.text("alice")


def test_one_recipient_of_two_is_refused_and_the_other_gets_it(postfix: Postfix) -> None:
    message = mail("partial", ALICE, NOBODY, body=b".\r\n..\r\nFrom me\r\n")
    delivered = deliver(MailSettings(port=postfix.port), message)
    assert delivered[ALICE].delivery is Delivery.ACCEPTED
    assert delivered[NOBODY].delivery is Delivery.REFUSED
    assert delivered[NOBODY].answer.startswith("550 5.1.1 <nobody@example.org>: Recipient address rejected")
    text = postfix.mailboxes.await_message("alice", message.message_id)
    # the mailbox quotes what would begin a message in it, and no dot is lost
    assert text.endswith("\n\n.\n..\n>From me\n\n")


def test_starttls_with_a_certificate_that_is_vouched_for(postfix: Postfix, root: Authority) -> None:
    settings = MailSettings(host="localhost", port=postfix.port, tls=MailTls.STARTTLS, ca=str(root.file))
    message = mail("starttls", BOB)
    assert deliver(settings, message)[BOB].delivery is Delivery.ACCEPTED
    assert "using TLSv1.3" in postfix.mailboxes.await_message("bob", message.message_id)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_nobody_vouches_for_or_of_another_name_gets_no_message(
    postfix: Postfix, root: Authority, localhost: Written, host: str
) -> None:
    settings = MailSettings(host=host, port=postfix.port, tls=MailTls.STARTTLS, ca=str(root.file))
    if host == "localhost":
        settings = replace(settings, ca=str(localhost.file))
    with pytest.raises(ConnectError) as raised:
        deliver(settings, mail("distrust"))
    assert raised.value.phase == "TLS"
    assert raised.value.problem.startswith("its certificate is not trusted: ")


def test_a_file_that_holds_no_authority_is_told(postfix: Postfix, tmp_path: Path) -> None:
    settings = MailSettings(port=postfix.port, tls=MailTls.STARTTLS, ca=str(tmp_path / "none.pem"))
    with pytest.raises(ConnectError, match=r"none\.pem holds no certificates to trust"):
        deliver(settings, mail("no-ca"))


def test_the_null_sender_is_taken(postfix: Postfix) -> None:
    message = replace(mail("null"), sender="")
    assert deliver(MailSettings(port=postfix.port), message)[ALICE].delivery is Delivery.ACCEPTED
    assert "MAILER-DAEMON" in senders_in(postfix.mailboxes.await_message("alice", message.message_id))
