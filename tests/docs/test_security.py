"""What SECURITY.md says, as it is."""

import re
from pathlib import Path

from doorward.core.hashes import COST_EXPECTED
from doorward.core.secret import Secret
from doorward.stores.certificates import load_pair, server_context
from doorward.stores.own_certificate import VALID_DAYS
from doorward.stores.passwords import COST, hash_password, password_bytes
from tests.certificates import make_certificate

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text()


def test_every_test_and_page_that_it_points_to_is_there() -> None:
    paths = set(re.findall(r"`(tests/[^`]+)`", SECURITY)) | set(re.findall(r"\]\(([^)]+)\)", SECURITY))
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_ciphers_are_those_that_are_served(tmp_path: Path) -> None:
    certificate, key = make_certificate().written(tmp_path, "door")
    context = server_context(load_pair(str(certificate), str(key)))
    served = {cipher["name"] for cipher in context.get_ciphers() if not cipher["name"].startswith("TLS_")}
    assert set(re.findall(r"ECDHE-\S+", SECURITY)) == served


def test_the_figures_of_hashes_are_those_that_are_used() -> None:
    assert f"m={COST.memory_kib} (64 MiB), t={COST.passes}, p={COST.lanes}" in SECURITY
    *_, salt, tag = hash_password(Secret("x")).split("$")
    # base64 without padding: 22 digits are 16 bytes, 43 are 32
    assert (len(salt), len(tag)) == (22, 43)
    for figure in re.findall(r"[mtp]=\d+", COST_EXPECTED):
        assert figure in SECURITY
    assert password_bytes(Secret("x" * 1024), most_bytes=1024) is not None
    assert VALID_DAYS // 365 == 10
