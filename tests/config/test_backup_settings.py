"""The tables `[errands.backup.NAME]`."""

from hashlib import sha256

import pytest

from doorward.config import load_settings
from doorward.config.loading import examine
from doorward.core.backup_errands import Access, BackupErrand, Check
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import At, Every, MailWhen
from tests.config.conftest import WriteConfiguration

GOOD = (
    '[errands.backup.nightly]\nfolder = "/backup"\ndestination = "ftps://alice@example.org/a"\nkeep = 5\n'
    'at = "04:30"\nnames = ["web"]\n'
)


def test_a_backup_is_read(write_configuration: WriteConfiguration) -> None:
    text = GOOD + (
        'password_file = "/etc/doorward/password"\nca = "ca.pem"\nat_most_tls12 = true\nactive = true\n'
        'check = "hash"\nat_once = 4\nbytes_per_second = 2000000\nmost_removals = 3\nretries = 9\n'
        'mail = "always"\n'
        'to = "keeper@example.org"\n'
        '[errands.backup.disk]\nfolder = "backup/"\ndestination = "file:///mnt/disk"\nkeep = "all"\n'
        'every = "6h"\nmount_point = "/mnt"\nunencrypted = true\nnetrc = true\n'
        'fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"\n'
    )
    file = write_configuration(text)
    errands = load_settings(file).errands
    assert errands["backup.nightly"] == BackupErrand(
        name="nightly",
        folder="/backup",
        destination="ftps://alice@example.org/a",
        keep=5,
        timing=At(4, 30),
        names=("web",),
        access=Access(
            password_file="/etc/doorward/password",
            ca=str(file.parent / "ca.pem"),
            at_most_tls12=True,
            is_active=True,
        ),
        check=Check.HASH,
        at_once=4,
        bytes_per_second=2_000_000,
        most_removals=3,
        retries=9,
        mail=MailWhen.ALWAYS,
        to=(Mailbox("keeper@example.org"),),
    )
    assert errands["backup.disk"] == BackupErrand(
        name="disk",
        folder=str(file.parent / "backup"),
        destination="file:///mnt/disk",
        keep=None,
        timing=Every(21_600),
        access=Access(
            mount_point="/mnt", may_be_overheard=True, netrc=True, fingerprint=sha256(b"").hexdigest()
        ),
        mail=MailWhen.NEVER,
    )


def test_who_can_be_told_hears_of_failures(write_configuration: WriteConfiguration) -> None:
    text = '[mail]\nto = "keeper@example.org"\n' + GOOD
    errand = load_settings(write_configuration(text)).errands["backup.nightly"]
    assert isinstance(errand, BackupErrand)
    assert errand.mail is MailWhen.FAILURE


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("keep = 5\n", "", "keep: this is missing; expected how many of each name stay"),
        ("keep = 5", "keep = 0", "keep: so many cannot be kept"),
        ("keep = 5", 'keep = "five"', "keep: so many cannot be kept"),
        ("keep = 5", "keep = true", "keep: this is of another type"),
        ("keep = 5", "keep = 5.5", "keep: this is of another type"),
        ('folder = "/backup"\n', "", "folder: this is missing"),
        ('folder = "/backup"', 'folder = ""', "folder: a file cannot stand there"),
        ('destination = "ftps://alice@example.org/a"\n', "", "destination: this is missing"),
        ("ftps://alice@", "https://alice@", "destination: this is no place for backups"),
        ("ftps://alice@example.org", "ftps://", "destination: this is no place for backups"),
        ("ftps://", "ftps://[", "destination: this is no place for backups"),
        ("org/a", "org/a b", "destination: this is no place for backups"),
        ("org/a", "org/a?b", "destination: this is no place for backups"),
        ('at = "04:30"\n', "", "when it runs is missing"),
        ('["web"]', '["web", "a/b"]', "names[1]: this is no name of a backup"),
        ("keep = 5", 'keep = 5\nmail = "always"', "mail: there is nobody to mail to"),
        ("keep = 5", 'keep = 5\nmail = "often"', "mail: this is none of the words"),
        ("keep = 5", 'keep = 5\ncheck = "md5"', 'check: this is none of the words; expected one of "size"'),
        ("keep = 5", "keep = 5\nat_once = 0", "at_once: this is out of range; expected 1 to 16; found 0"),
        ("keep = 5", "keep = 5\nmost_removals = -1", "most_removals: this is out of range"),
        ("keep = 5", 'keep = 5\nfingerprint = "md5"', "fingerprint: this is no fingerprint"),
        ("keep = 5", "kep = 5", "did you mean keep?"),
        ("backup.nightly", "backups.nightly", "did you mean backup?"),
    ],
)
def test_what_is_wrong_is_told(
    write_configuration: WriteConfiguration, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    problems = examine(write_configuration(GOOD.replace(before, after))).problems
    assert any(said in str(problem) for problem in problems), [*map(str, problems)]


def test_a_password_in_a_destination_is_refused_and_not_shown(
    write_configuration: WriteConfiguration,
) -> None:
    text = GOOD.replace("alice@", "alice:hunter2@")
    (problem,) = examine(write_configuration(text)).problems
    assert "without a password" in str(problem)
    assert "hunter2" not in str(problem)
