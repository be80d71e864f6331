"""A local certificate authority and a certificate for this machine, for `bin/demo --https`.

A phone takes a service worker only from a certificate it trusts, so the authority's certificate is
kept for two years and can be installed on the phone. It may vouch for private addresses only: on
the phone it opens nothing but the local network.
"""

import ipaddress
import re
import socket
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
AUTHORITY_DAYS = 730
LEAF_DAYS = 90
RENEW_BEFORE = timedelta(days=7)


def addresses() -> list[str]:
    """Return this machine's private IPv4 addresses, from the kernel's routing table."""
    try:
        table = Path("/proc/net/fib_trie").read_text()
    except OSError:
        table = ""
    found = set(re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", table)) | {"127.0.0.1"}
    networks = [ipaddress.ip_network(network) for network in PRIVATE]
    return sorted(a for a in found if any(ipaddress.ip_address(a) in net for net in networks))


def prepare(folder: Path, *, at: datetime) -> tuple[Path, Path, Path]:
    """Return the paths of authority, certificate and key, made anew where they no longer do."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    hosts = addresses()
    authority, authority_key = folder / "authority.crt", folder / "authority.key"
    leaf, leaf_key = folder / "certificate.pem", folder / "key.pem"
    if not _lasts(authority, at=at) or not authority_key.exists():
        _make_authority(authority, authority_key, at=at)
        leaf.unlink(missing_ok=True)
    if not _lasts(leaf, at=at) or not _covers(leaf, hosts):
        _make_leaf(leaf, leaf_key, (authority, authority_key), hosts=hosts, at=at)
    return authority, leaf, leaf_key


def _make_authority(path: Path, key_path: Path, *, at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Shaodao demo on {socket.gethostname()}"[:64])]
    )
    allowed: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName("local")]
    allowed += [x509.IPAddress(ipaddress.ip_network(network)) for network in PRIVATE]
    certificate = (
        _builder(name, name, key.public_key(), at=at, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(allowed, None), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(path, key_path, certificate, key)


def _make_leaf(
    path: Path, key_path: Path, authority: tuple[Path, Path], *, hosts: list[str], at: datetime
) -> None:
    issuer = x509.load_pem_x509_certificate(authority[0].read_bytes())
    issuer_key = serialization.load_pem_private_key(authority[1].read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Shaodao demo")])
    covered: list[x509.GeneralName] = [x509.DNSName("localhost")]
    covered += [x509.IPAddress(ipaddress.ip_address(host)) for host in hosts]
    certificate = (
        _builder(name, issuer.subject, key.public_key(), at=at, days=LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName(covered), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    _write(path, key_path, certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    *,
    at: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(
    path: Path, key_path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _lasts(path: Path, *, at: datetime) -> bool:
    if not path.exists():
        return False
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc > at + RENEW_BEFORE


def _covers(path: Path, hosts: list[str]) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(hosts) <= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
