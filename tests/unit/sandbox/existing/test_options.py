"""What can be asked for of a cluster that exists."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
import yaml

from harness.cli.options import TARGET_OPTIONS, add_to_parser
from harness.clients.access_review import Right
from harness.core.errors import SettingsError
from harness.sandbox.existing.mysqlforward import ServicePort
from harness.sandbox.existing.options import ExistingSettings, read_existing_settings
from harness.sandbox.existing.podstatus import PodName
from harness.sandbox.existing.role import KIND_VERBS, list_needs
from harness.spec.model import GROUP
from tests.fakes.contract import CONTRACT

_RBAC = Path(__file__).resolve().parents[4] / "docs" / "rbac.yaml"
_URL = "mysql://ma@db:3307/ingester"


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A kubeconfig with the contexts dev and prod."""
    file = tmp_path / "config"
    contexts = [{"name": n, "context": {"cluster": "c", "user": "u", "namespace": "ma"}} for n in ("dev", "prod")]
    clusters = [{"name": "c", "cluster": {"server": "https://dev:6443"}}]
    users = [{"name": "u", "user": {}}]
    file.write_text(yaml.safe_dump({"contexts": contexts, "clusters": clusters, "users": users}))
    return file


def _read(kubeconfig: Path, *arguments: str) -> ExistingSettings:
    parser = argparse.ArgumentParser()
    add_to_parser(parser, TARGET_OPTIONS)
    return read_existing_settings(parser.parse_args(["--kubeconfig", str(kubeconfig), *arguments]))


def test_defaults_are_those_of_the_context(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pod and service are looked for in the context's namespace; the password comes from the environment."""
    monkeypatch.delenv("MYSQL_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("MYSQL_PASSWORD", "from-environment")
    settings = _read(kubeconfig, "--context", "dev", "--mysql-port-forward", "mysql", "--mysql-url", _URL)
    assert settings.forward == ServicePort("mysql", "ma")
    assert settings.pod == PodName("ma", "michelangelo-controllermgr")
    assert not settings.pod_is_given
    assert (settings.mysql.user, settings.mysql.database, settings.mysql.password) == (
        "ma", "ingester", "from-environment",
    )  # fmt: skip


def test_mysql_must_be_said(kubeconfig: Path) -> None:
    """Without URL and service the run can't begin, and both options are named."""
    with pytest.raises(SettingsError, match="--mysql-url or --mysql-port-forward"):
        _read(kubeconfig, "--context", "dev")


def test_password_on_the_command_line_is_refused(kubeconfig: Path) -> None:
    """A URL with a password is refused, and the message does not repeat it."""
    with pytest.raises(SettingsError, match="must not stand in the URL") as caught:
        _read(kubeconfig, "--context", "dev", "--mysql-url", "mysql://ma:hunter2@db/ingester")
    assert "hunter2" not in str(caught.value)


def test_production_needs_consent(kubeconfig: Path) -> None:
    """A context named prod is refused, unless its name is repeated."""
    with pytest.raises(SettingsError, match="looks like production"):
        _read(kubeconfig, "--context", "prod", "--mysql-url", _URL)
    settings = _read(kubeconfig, "--context", "prod", "--mysql-url", _URL, "--yes-this-cluster", "prod")
    assert settings.context.name == "prod"


def test_log_and_pod_exclude_each_other(kubeconfig: Path) -> None:
    """Who names both the log and the pod is asked which it is to be."""
    both = ("--controllermgr-log", "x", "--controllermgr-pod", "y")
    with pytest.raises(SettingsError, match="exclude each other"):
        _read(kubeconfig, "--context", "dev", "--mysql-url", _URL, *both)


def test_documented_role_grants_exactly_what_is_needed() -> None:
    """docs/rbac.yaml and the preflight's list are the same rights, none more and none less."""
    granted = set()
    for document in yaml.safe_load_all(_RBAC.read_text()):
        for rule in document.get("rules", []):
            for resource in rule["resources"]:
                name, _, sub = resource.partition("/")
                namespace = document["metadata"].get("namespace", "")
                granted |= {Right(verb, name, rule["apiGroups"][0], sub, namespace) for verb in rule["verbs"]}
    needs = list_needs(CONTRACT.kinds, pod_namespace="default", mysql_namespace="default")
    assert granted == {right for need in needs for right in need.rights}


def test_rights_are_spelled_as_rbac_does() -> None:
    """A right reads as an administrator would write it."""
    assert str(Right("create", "models", GROUP)) == "create models.michelangelo.api cluster-wide"
    assert str(Right("get", "pods", subresource="log", namespace="ma")) == "get pods/log in namespace ma"


def test_rights_cover_what_the_client_does() -> None:
    """Each kind of request that `harness.clients.kube` makes of objects is among the verbs."""
    source = (Path(__file__).resolve().parents[4] / "harness" / "clients" / "kube.py").read_text()
    calls = set(re.findall(r"self\._custom\.(\w+?)_(?:namespaced|collection)", source))
    assert calls <= {*KIND_VERBS}
    assert {"create", "get", "list", "patch", "delete"} <= calls
    needs = list_needs(CONTRACT.kinds, pod_namespace=None, mysql_namespace=None)
    each = len(KIND_VERBS) + 1   # and its status
    assert sum(len(need.rights) for need in needs) == 3 + each * len(CONTRACT.kinds)
