"""The certificate of a `[users.NAME]`: a file, or the text itself."""

from doorward.config.machine import Machine
from doorward.config.report import Key, Report
from doorward.core.certificates import Certificate
from doorward.core.errors import CertificateError
from doorward.stores.certificate_files import read_certificate_file
from doorward.stores.certificate_reading import sole_certificate

_PEM = "-----BEGIN "


def read_user_certificate(text: str, key: Key, machine: Machine, report: Report) -> bytes | None:
    """
    The certificate that `text` is, or that stands in the file of this name, in DER; None when there is none.

    Nothing of the text is shown: a private key may stand in it.
    """
    try:
        certificate = _read(text, machine, report)
    except CertificateError as error:
        report.add(key, str(error))
        return None
    if flaw := certificate.flaw_at(machine.wall()):
        report.note(key, f"nobody can log in with this certificate: {flaw}")
    return certificate.der


def _read(text: str, machine: Machine, report: Report) -> Certificate:
    if _PEM in text:
        return sole_certificate(text.encode(), file="the text")
    path = report.beside(text)
    return sole_certificate(read_certificate_file(path, uid=machine.uid), file=path)
