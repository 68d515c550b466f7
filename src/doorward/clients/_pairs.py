"""What is the matter with a certificate and key that OpenSSL does not take, which it hardly says."""

import shlex
from pathlib import Path

from doorward.clients._trust import Words

_FILE_BYTES = 64 * 1024


def words_of_pair(certificate: Path, key: Path | None, error: OSError) -> Words:
    """
    What to tell of a pair that cannot be used to log in; the files are read for it.

    Args:
        certificate: a PEM file.
        key: another one; None when the key should stand in `certificate`.
        error: why it was not taken.
    """
    key = key or certificate
    for file, wanted, called in (
        (certificate, "-----BEGIN CERTIFICATE-----", "certificate"),
        (key, "PRIVATE KEY-----", "private key"),
    ):
        try:
            with file.open("rb") as opened:
                text = opened.read(_FILE_BYTES).decode("ascii", "replace")
        except OSError as unreadable:
            return f"{file} cannot be read: {unreadable.strerror}", ""
        if wanted not in text:
            other = " Name it with --client-key." if file == key == certificate else ""
            return f"there is no {called} in {file}", f"It is to stand there in PEM.{other}"
        # PKCS #8 says it in the first line, the older formats in the one after it
        if file == key and "ENCRYPTED" in text:
            line = f"openssl pkey -in {shlex.quote(str(key))} -out plain.key"
            return f"the private key in {key} has a passphrase", f"This writes it without one: {line}"
    reason = getattr(error, "reason", None) or ""
    if reason in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}:
        return f"the private key in {key} is not that of the certificate in {certificate}", ""
    said = reason.replace("_", " ").lower() or "OpenSSL cannot read them"
    return f"{certificate} and {key} cannot be used to log in: {said}", ""
