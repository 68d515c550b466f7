"""
Certificates and private keys out of PEM and DER, read by `cryptography`.

It is imported only when something is read: 50 ms that most calls of the command line can do without.
"""

import shlex
import ssl
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from doorward.core.certificates import Certificate
from doorward.core.errors import CertificateError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_BEGINNINGS = (b"-----BEGIN CERTIFICATE-----", b"-----BEGIN X509 CERTIFICATE-----")
_KEY_ENDING = b"PRIVATE KEY-----"
_UNREADABLE = "(unreadable)"
_OPENSSH_BEGINNING = b"-----BEGIN OPENSSH "


def certificates_in(pem: bytes, *, file: str) -> tuple[Certificate, ...]:
    """
    Read the certificates of a text in PEM, in their order; keys and parameters between them are passed over.

    Args:
        pem: any bytes.
        file: where they stand, for errors.

    Raises:
        CertificateError: there is no certificate, or one of them is cut or cannot be read.
    """
    from cryptography import x509

    begun = sum(map(pem.count, _BEGINNINGS))
    if not begun:
        raise CertificateError(file, "there is no certificate in PEM in it")
    found = _read(lambda: x509.load_pem_x509_certificates(pem), file)
    # the library passes over a block without an end, and what it passed over would never be served
    if len(found) != begun:
        raise CertificateError(file, "a certificate in it is cut", "put all of it there")
    return found


def sole_certificate(pem: bytes, *, file: str) -> Certificate:
    """
    The certificate of a user, who has exactly one.

    Raises:
        CertificateError: as `certificates_in`; or there is more than one, or a private key stands with it, or
            the TLS library refuses it.
    """
    if _KEY_ENDING in pem:
        raise CertificateError(
            file, "a private key stands there, which only its owner may have", "put the certificate alone"
        )
    found = certificates_in(pem, file=file)
    if len(found) > 1:
        raise CertificateError(file, f"there are {len(found)} certificates in it, and a user has one")
    _check_for_tls(found[0], file=file)
    return found[0]


def certificate_of(der: bytes, *, file: str) -> Certificate:
    """
    Read the certificate of a user in DER.

    Raises:
        CertificateError: it is none, or the TLS library refuses it; `file` is where it stands.
    """
    from cryptography import x509

    (found,) = _read(lambda: (x509.load_der_x509_certificate(der),), file)
    _check_for_tls(found, file=file)
    return found


def subject_and_issuer(der: bytes) -> tuple[str, str]:
    """
    Whose a certificate in DER is and who vouches for it, as RFC 4514 writes that, for people to read.

    Both may be empty; what cannot be read is told as such, and makes the rest of a certificate no worse.
    """
    from cryptography import x509

    with warnings.catch_warnings():
        # of attributes that are longer than they may be
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = x509.load_der_x509_certificate(der)
        except ValueError:
            return _UNREADABLE, _UNREADABLE
        return _written(lambda: found.subject), _written(lambda: found.issuer)


def _written(name: "Callable[[], x509.Name]") -> str:
    try:
        return name().rfc4514_string()
    except ValueError:
        return _UNREADABLE


def private_key_in(pem: bytes, *, file: str) -> "PrivateKeyTypes":
    """
    Read the first private key of a text in PEM; whatever stands beside it is passed over.

    Raises:
        CertificateError: there is none that can be read without a password; nothing of it is in the text.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # the TLS library compares it with its certificate, which shows wrong numbers in it as well
        return load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    except TypeError as error:
        raise CertificateError(
            file,
            "the private key is encrypted, and nobody is there to type its password",
            f"decrypt it into a file of mode 0600: openssl pkey -in {shlex.quote(file)} -out NEW",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if _OPENSSH_BEGINNING in pem:
            problem = "this is a private key of OpenSSH, which TLS does not know"
            raise CertificateError(file, problem, "name the one in PEM") from error
        problem = "there is no private key in PEM in it that can be read"
        raise CertificateError(file, problem, "put all of it there") from error


def _check_for_tls(certificate: Certificate, *, file: str) -> None:
    """
    Have the library that will trust it read it too: it is stricter, about the letters of names for one.

    Found out only when the doors are made, it would keep all of them from being opened or reloaded.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=certificate.der)
    except ssl.SSLError as error:
        problem = f"the TLS library refuses it: {words_of_refusal(error)}"
        raise CertificateError(file, problem, "have it made anew") from error


def words_of_refusal(error: ssl.SSLError) -> str:
    """Why the TLS library refused something, in words."""
    return (error.reason or str(error)).lower().replace("_", " ")


def _read(load: "Callable[[], Iterable[x509.Certificate]]", file: str) -> tuple[Certificate, ...]:
    """What `load` loads; the library reads some parts only when they are asked for."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType

    try:
        return tuple(_certificate(each) for each in load())
    except (
        *(DuplicateExtension, InvalidVersion, UnsupportedAlgorithm, UnsupportedGeneralNameType),
        *(TypeError, ValueError),
    ) as error:
        problem = "a certificate in it cannot be read: it is cut, or breaks the rules of X.509"
        raise CertificateError(file, problem, "put all of it there") from error


def _certificate(found: "x509.Certificate") -> Certificate:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Certificate(
        der=found.public_bytes(Encoding.DER),
        names=_alternative_names(found) or _common_names(found),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
    )


def _alternative_names(found: "x509.Certificate") -> tuple[str, ...]:
    from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, RFC822Name, SubjectAlternativeName

    try:
        names = found.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names if isinstance(name, DNSName | IPAddress | RFC822Name))


def _common_names(found: "x509.Certificate") -> tuple[str, ...]:
    from cryptography.x509.oid import NameOID

    return tuple(str(each.value) for each in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
