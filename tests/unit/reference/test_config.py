"""The controller manager's configuration is understood, and what is wrong in it is named."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.reference.config import MySQL, read_config, read_kubeconfig
from harness.reference.errors import ConfigError

MYSQL = {"host": "h", "port": 3307, "user": "u", "password": "p", "database": "d"}


def _write(folder: Path, data: Any, name: str = "base.yaml") -> Path:
    path = folder / name
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
    return path


def test_base_yaml_is_read(tmp_path: Path) -> None:
    """Every key that the reference knows ends where it belongs; others are ignored."""
    _write(
        tmp_path,
        {
            "controllermgr": {"metricsBindAddress": ":1", "healthProbeBindAddress": "127.0.0.1:8083"},
            "metadataStorage": {"enableMetadataStorage": True},
            "mysql": MYSQL,
            "ingester": {
                "concurrentReconciles": 2,
                "requeuePeriod": "30s",
                "concurrentReconcilesMap": {"Model": 5},
                "requeuePeriodMap": {"Model": "1m30s"},
            },
            "minio": {"awsRegion": "x"},
        },
    )
    config = read_config(tmp_path)
    assert (
        config.metadata_storage,
        config.mysql,
        config.health_address,
        [config.get_concurrent_reconciles(kind) for kind in ("Model", "Project")],
        [config.get_requeue_period_s(kind) for kind in ("Model", "Project")],
    ) == (True, MySQL("h", 3307, "u", "d", "p"), ("127.0.0.1", 8083), [5, 2], [90.0, 30.0])


def test_everything_is_off_unless_it_is_set(tmp_path: Path) -> None:
    """An empty file is a controller manager without metadata storage."""
    _write(tmp_path, "")
    config = read_config(tmp_path)
    found = config.metadata_storage, config.mysql, config.health_address, config.get_concurrent_reconciles("Model")
    assert found == (False, None, None, 0)


@pytest.mark.parametrize("stanza", [None, {}, {"port": 3306}, {"host": "", "user": "", "database": ""}])
def test_empty_mysql_stanza_is_none(tmp_path: Path, stanza: Any) -> None:
    """A stanza that names neither host nor user nor database is as good as none."""
    _write(tmp_path, {"mysql": stanza})
    assert read_config(tmp_path).mysql is None


@pytest.mark.parametrize(
    ("text", "address"),
    [(":8083", ("", 8083)), ("[::1]:8083", ("::1", 8083)), ("0", None), ("", None)],
)
def test_address_may_leave_the_host_open_or_turn_the_server_off(
    tmp_path: Path, text: str, address: tuple[str, int] | None
) -> None:
    """The forms of controller-runtime are understood."""
    _write(tmp_path, {"controllermgr": {"healthProbeBindAddress": text}})
    assert read_config(tmp_path).health_address == address


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("1h2m3.5s", 3723.5), ("2000000000", 2.0), ("0", 0.0)]
)
def test_durations_are_gos(tmp_path: Path, text: str, seconds: float) -> None:
    """Units add up, and a bare number is nanoseconds."""
    _write(tmp_path, {"ingester": {"requeuePeriod": text}})
    assert read_config(tmp_path).requeue_period_s == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("a: [", "no YAML"),
        ("- a", "must be a mapping"),
        ({"mysql": "x"}, r"base\.yaml: mysql: must be a mapping, not 'x'"),
        ({"mysql": {"host": "h", "port": "x"}}, r"base\.yaml: mysql\.port: 'x' is no number"),
        ({"metadataStorage": {"enableMetadataStorage": "yes!"}}, "enableMetadataStorage: 'yes!' is neither"),
        ({"controllermgr": {"healthProbeBindAddress": "x"}}, "healthProbeBindAddress: 'x' is no address"),
        ({"ingester": {"requeuePeriod": "soon"}}, "requeuePeriod: 'soon' is no duration"),
        ({"ingester": {"concurrentReconcilesMap": {"Model": -1}}}, r"concurrentReconcilesMap\.Model: -1"),
    ],
)
def test_wrong_value_is_named_with_its_place(tmp_path: Path, data: Any, problem: str) -> None:
    """Whoever wrote the file finds the line."""
    _write(tmp_path, data)
    with pytest.raises(ConfigError, match=problem):
        read_config(tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The folder may be the wrong one."""
    with pytest.raises(ConfigError, match=r"base\.yaml: can't be read"):
        read_config(tmp_path)


def test_password_is_not_shown() -> None:
    """A configuration may be printed."""
    assert "secret" not in repr(MySQL("h", 1, "u", "d", "secret"))


def _kubeconfig(cluster: dict[str, Any], user: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "clusters": [{"name": "other", "cluster": {}}, {"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }


@pytest.mark.parametrize(
    ("server", "expected"),
    [("https://h:6443", ("h", 6443)), ("https://h", ("h", 443)), ("https://[::1]:1", ("::1", 1))],
)
def test_server_of_the_current_context_is_used(tmp_path: Path, server: str, expected: tuple[str, int]) -> None:
    """Host and port come from the address, the token from the user."""
    cluster = read_kubeconfig(_write(tmp_path, _kubeconfig({"server": server}, {"token": "t"}), "k"))
    assert ((cluster.host, cluster.port), cluster.token, cluster.tls is None) == (expected, "t", False)


def test_certificates_are_checked_unless_that_is_turned_off(tmp_path: Path) -> None:
    """The default is the safe one."""
    modes = [
        (cluster.tls.verify_mode if cluster.tls else None)
        for extra in ({}, {"insecure-skip-tls-verify": True})
        for cluster in [read_kubeconfig(_write(tmp_path, _kubeconfig({"server": "https://h", **extra}), "k"))]
    ]
    assert modes == [ssl.CERT_REQUIRED, ssl.CERT_NONE]


@pytest.mark.parametrize("form", ["file", "data"])
def test_authority_and_client_certificate_are_loaded(tmp_path: Path, form: str) -> None:
    """Both may stand in files, relative to the kubeconfig, or in it."""
    certificate, key = _make_certificate()
    parts = {"certificate-authority": certificate, "client-certificate": certificate, "client-key": key}
    entries: dict[str, str] = {}
    for name, pem in parts.items():
        (tmp_path / name).write_bytes(pem)
        entries[f"{name}-data" if form == "data" else name] = (
            base64.b64encode(pem).decode() if form == "data" else name
        )
    authority = {k: v for k, v in entries.items() if k.startswith("certificate")}
    user = {k: v for k, v in entries.items() if k.startswith("client")}
    data = _kubeconfig({"server": "https://h", **authority}, user)
    tls = read_kubeconfig(_write(tmp_path, data, "k")).tls
    assert tls is not None
    assert len(tls.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("cluster", "user", "problem"),
    [
        ({"server": "h:6443"}, {}, "'h:6443' is no http or https address"),
        ({"server": "https://h", "certificate-authority-data": "?"}, {}, "certificate-authority-data: no base64"),
        ({"server": "https://h", "certificate-authority": "nowhere"}, {}, "certificate or key can't be used"),
        (
            {"server": "https://h"},
            {"client-certificate-data": "eA==", "client-key-data": "eA=="},
            "certificate or key can't be used",
        ),
    ],
)
def test_wrong_kubeconfig_is_an_error(tmp_path: Path, cluster: Any, user: Any, problem: str) -> None:
    """What can't be used is named."""
    with pytest.raises(ConfigError, match=problem):
        read_kubeconfig(_write(tmp_path, _kubeconfig(cluster, user), "k"))


def test_context_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A name that leads nowhere is shown."""
    data = {**_kubeconfig({"server": "https://h"}), "current-context": "y"}
    with pytest.raises(ConfigError, match="contexts: nothing is called 'y'"):
        read_kubeconfig(_write(tmp_path, data, "k"))


def _make_certificate() -> tuple[bytes, bytes]:
    """Return a self-signed certificate and its key, both PEM."""
    import datetime as dt  # noqa: PLC0415  only this test makes certificates

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
