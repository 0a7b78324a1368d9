"""Makes the keys, certificates, token and kubeconfig of a control plane that lives for one sandbox.

All of it stays in the sandbox's folder, in files that only this user can read.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.sandbox.local.wire.folder import CONTEXT_NAME
from harness.sandbox.ports import LOOPBACK
from harness.sandbox.storage import write_private

USER = "sandbox-admin"

_LIFETIME = dt.timedelta(days=365)
_CLOCK_SKEW = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Credentials:
    """Where they are, and the administrator's token."""

    ca: Path
    serving_certificate: Path
    serving_key: Path
    service_account_key: Path
    token_file: Path
    token: str


def make_credentials(folder: Path) -> Credentials:
    """Fill `folder` with a certificate authority, a serving certificate, a signing key and a token."""
    folder.mkdir(mode=0o700)
    credentials = Credentials(
        ca=folder / "ca.crt",
        serving_certificate=folder / "apiserver.crt",
        serving_key=folder / "apiserver.key",
        service_account_key=folder / "service-account.key",
        token_file=folder / "tokens.csv",
        token=secrets.token_urlsafe(32),
    )
    ca_key, serving_key, signing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ca_name = _make_name("ingester-acceptance sandbox CA")
    ca = (
        _begin_certificate(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_make_key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    serving = (
        _begin_certificate(_make_name("kube-apiserver"), ca_name, serving_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_make_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(credentials.ca, ca.public_bytes(serialization.Encoding.PEM).decode())
    write_private(credentials.serving_certificate, serving.public_bytes(serialization.Encoding.PEM).decode())
    write_private(credentials.serving_key, _to_pem(serving_key))
    write_private(credentials.service_account_key, _to_pem(signing_key))
    write_private(credentials.token_file, f'{credentials.token},{USER},{USER},"system:masters"\n')
    return credentials


def write_kubeconfig(path: Path, credentials: Credentials, port: int) -> None:
    """Write the administrator's kubeconfig (JSON, which is YAML), with all that it needs within."""
    authority = base64.b64encode(credentials.ca.read_bytes()).decode()
    server = f"https://{LOOPBACK}:{port}"
    context = {"cluster": "sandbox", "user": USER, "namespace": "default"}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "sandbox", "cluster": {"server": server, "certificate-authority-data": authority}}
        ],
        "users": [{"name": USER, "user": {"token": credentials.token}}],
        "contexts": [{"name": CONTEXT_NAME, "context": context}],
        "current-context": CONTEXT_NAME,
    }
    write_private(path, json.dumps(kubeconfig, indent=2) + "\n")


def _make_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begin_certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _make_key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _to_pem(key: ec.EllipticCurvePrivateKey) -> str:
    # the old form, which kube-apiserver reads for service accounts in every version
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
