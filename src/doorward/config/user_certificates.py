"""The certificate of a `[users.NAME]`: a file, or the text itself."""

from doorward.config.machine import Machine
from doorward.config.report import Key, Report
from doorward.core.certificates import is_pem, sole_certificate
from doorward.core.errors import CertificateError


def read_user_certificate(text: str, key: Key, machine: Machine, report: Report) -> bytes | None:
    """
    The certificate that `text` is, or that stands in the file of this name, in DER; None when there is none.

    Nothing of the text is shown: a private key may stand in it.
    """
    try:
        certificate = sole_certificate(text if is_pem(text) else _read(report.beside(text), machine))
    except ValueError as error:
        report.add(key, str(error), expected="the path of one certificate in PEM, or its text")
        return None
    except CertificateError as error:
        report.add(key, str(error))
        return None
    if flaw := certificate.flaw_at(machine.wall()):
        report.note(key, f"nobody can log in with this certificate: {flaw}")
    return certificate.der


def _read(path: str, machine: Machine) -> str:
    from doorward.stores.certificate_files import read_certificate_file

    return read_certificate_file(path, uid=machine.uid).decode("ascii", "replace")
