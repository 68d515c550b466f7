"""Which hashes of passwords can be checked: what they look like, and what they may cost."""

import base64
import binascii
import re

MEMORY_KIB_MOST = 256 * 1024
PASSES_MOST = 16
LANES_MOST = 4
"""The most that the check of a hash which somebody wrote into a file may take of the machine."""

HASH_EXPECTED = "a hash of argon2id, as `doorward hash-password` prints it"
COST_EXPECTED = f"at most m={MEMORY_KIB_MOST},t={PASSES_MOST},p={LANES_MOST}, and m at least 8 times p"

_PHC = re.compile(
    r"\$argon2id\$v=19\$m=(?P<memory>[1-9][0-9]{0,7}),t=(?P<passes>[1-9][0-9]{0,2}),p=(?P<lanes>[1-9][0-9]{0,2})"
    r"\$(?P<salt>[A-Za-z0-9+/]{1,86})\$(?P<tag>[A-Za-z0-9+/]{1,86})"
)
_SALT_BYTES_LEAST = 8
_TAG_BYTES_LEAST = 16


def is_hash(text: str) -> bool:
    """
    Whether `text` is a hash of Argon2id in the PHC string format, whatever its check costs.

    Source: RFC 9106 section 3.1 for the bounds; base64 without padding, and without bits that say nothing, as
    the reference implementation refuses them.
    """
    match = _PHC.fullmatch(text)
    return (
        match is not None
        and _decoded_bytes(match["salt"]) >= _SALT_BYTES_LEAST
        and _decoded_bytes(match["tag"]) >= _TAG_BYTES_LEAST
    )


def is_checkable(text: str) -> bool:
    """Whether `text` is a hash whose check the machine can afford: these and no others are ever checked."""
    match = _PHC.fullmatch(text)
    if match is None or not is_hash(text):
        return False
    memory_kib, passes, lanes = (int(match[name]) for name in ("memory", "passes", "lanes"))
    return 8 * lanes <= memory_kib <= MEMORY_KIB_MOST and passes <= PASSES_MOST and lanes <= LANES_MOST


def cost_of(text: str) -> str:
    """What the check of a hash costs, as it stands in it: `m=65536,t=3,p=1`; empty when it is none."""
    match = _PHC.fullmatch(text)
    return f"m={match['memory']},t={match['passes']},p={match['lanes']}" if match else ""


def _decoded_bytes(text: str) -> int:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return 0
    return len(data) if base64.b64encode(data).decode("ascii").rstrip("=") == text else 0
