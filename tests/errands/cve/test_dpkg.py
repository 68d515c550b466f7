"""What dpkg says of its packages."""

import pytest

from doorward.core.installed import SourcePackage
from doorward.errands.cve.dpkg import is_of_debian, packages_of, suite_of


def said(*rows: tuple[str, str, str, str]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def test_packages_come_by_their_source_and_its_version() -> None:
    listed = said(
        ("installed", "glibc", "2.36-9+deb12u10", "libc6"),
        ("installed", "glibc", "2.36-9+deb12u10", "libc-bin"),
        ("installed", "glibc", "2.36-9+deb12u9", "libc6"),
        ("config-files", "apache2", "2.4-1", "apache2"),
        ("not-installed", "nothing", "", "nothing"),
        ("half-configured", "acl", "2.3.1-3", "acl"),
        ("unpacked", "bash", "5.2-1", "bash"),
        ("installed", "from-elsewhere", "1_2", "from-elsewhere"),
    )
    assert packages_of(listed) == (
        SourcePackage(name="acl", version="2.3.1-3", binaries=("acl",)),
        SourcePackage(name="bash", version="5.2-1", binaries=("bash",)),
        SourcePackage(name="glibc", version="2.36-9+deb12u9", binaries=("libc6",)),
        SourcePackage(name="glibc", version="2.36-9+deb12u10", binaries=("libc-bin", "libc6")),
    )


def test_a_signed_kernel_counts_as_the_kernel_it_is() -> None:
    listed = said(
        ("installed", "linux-signed-amd64", "6.1.148+1", "linux-image-6.1.0-38-amd64"),
        ("installed", "linux-signed-arm64", "6.12.38+1~bpo12+1", "linux-image-6.12.38+deb12-arm64"),
        ("installed", "linux", "6.1.148-1", "linux-libc-dev"),
    )
    assert packages_of(listed) == (
        SourcePackage(
            name="linux", version="6.1.148-1", binaries=("linux-image-6.1.0-38-amd64", "linux-libc-dev")
        ),
        SourcePackage(
            name="linux", version="6.12.38-1~bpo12+1", binaries=("linux-image-6.12.38+deb12-arm64",)
        ),
    )


@pytest.mark.parametrize("listed", ["hello\n", "\n", "installed\ta\t1\tb\tc\n"])
def test_what_dpkg_would_not_say_is_an_error(listed: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        packages_of(listed)


@pytest.mark.parametrize(
    ("text", "suite"),
    [
        ('ID=debian\nVERSION_CODENAME=bookworm\nX="y"\n', "bookworm"),
        (' VERSION_CODENAME="trixie" \n', "trixie"),
        ("ID=debian\n", ""),
        ("", ""),
    ],
)
def test_the_release_is_that_of_os_release(text: str, suite: str) -> None:
    assert suite_of(text) == suite


@pytest.mark.parametrize(
    ("text", "is_debian"),
    [
        ('NAME="Debian GNU/Linux"\nID=debian\n', True),
        ('ID="debian"\n', True),
        ("ID=ubuntu\nID_LIKE=debian\n", False),
        ("VERSION_ID=12\n", False),
        ("", False),
    ],
)
def test_what_is_made_of_debian_is_not_debian(text: str, is_debian: bool) -> None:  # noqa: FBT001
    assert is_of_debian(text) is is_debian
