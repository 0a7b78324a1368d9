"""Which cluster is meant, and that production is not."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.core.errors import SettingsError
from harness.sandbox.existing.context import (
    Context,
    choose_context,
    find_kubeconfig,
    looks_like_production,
    refuse_production,
    write_kubeconfig,
)


def _write(folder: Path, name: str = "config", **changes: Any) -> Path:
    document = {
        "clusters": [{"name": "c1", "cluster": {"server": "https://dev:6443", "certificate-authority": "ca.crt"}}],
        "users": [{"name": "u1", "user": {"token": "t0ken", "exec": {"command": "bin/login"}}}],
        "contexts": [
            {"name": "dev", "context": {"cluster": "c1", "user": "u1", "namespace": "ma"}},
            {"name": "broken", "context": {"cluster": "c2", "user": "u1"}},
        ],
        "current-context": "dev",
        **changes,
    }
    file = folder / name
    file.write_text(yaml.safe_dump(document))
    return file


def _make(name: str = "dev", cluster: str = "c1", server: str = "https://dev:6443") -> Context:
    return Context(name, cluster, server, "default", {"server": server}, "u1", {"token": "t0ken"})


def test_context_is_read_with_paths_that_hold_elsewhere(tmp_path: Path) -> None:
    """The chosen context brings its cluster and user along, relative paths made absolute."""
    context = choose_context([_write(tmp_path)], "dev")
    assert (context.server, context.namespace, context.user_name) == ("https://dev:6443", "ma", "u1")
    assert context.cluster["certificate-authority"] == str(tmp_path / "ca.crt")
    assert context.user["exec"]["command"] == str(tmp_path / "bin/login")
    assert context.kubectl == f"kubectl --context=dev --kubeconfig={tmp_path / 'config'}"


def test_no_context_is_taken_silently(tmp_path: Path) -> None:
    """Without --context the current one is not taken; the contexts there are, are listed."""
    with pytest.raises(SettingsError, match="must be said") as caught:
        choose_context([_write(tmp_path)], None)
    assert "dev, broken" in caught.value.hint


def test_unknown_context_is_named_with_the_nearest(tmp_path: Path) -> None:
    """A context that does not exist is named, with the one that was probably meant."""
    with pytest.raises(SettingsError, match="unknown value 'devv'") as caught:
        choose_context([_write(tmp_path)], "devv")
    assert "did you mean dev?" in caught.value.hint


def test_context_without_its_cluster_is_named(tmp_path: Path) -> None:
    """A context whose cluster the kubeconfig lacks is named with that cluster."""
    with pytest.raises(SettingsError, match="names the cluster 'c2'"):
        choose_context([_write(tmp_path)], "broken")


def test_of_several_files_the_first_wins(tmp_path: Path) -> None:
    """As in kubectl, an entry of an earlier file hides one of the same name in a later file."""
    cluster = {"name": "c1", "cluster": {"server": "https://other:6443"}}
    files = [_write(tmp_path), _write(tmp_path, "more", clusters=[cluster, {**cluster, "name": "c2"}])]
    assert choose_context(files, "dev").server == "https://dev:6443"
    assert choose_context(files, "broken").server == "https://other:6443"


def test_file_that_is_no_kubeconfig_is_named(tmp_path: Path) -> None:
    """A file without YAML of a kubeconfig is refused by name."""
    file = tmp_path / "config"
    file.write_text("[: no yaml")
    with pytest.raises(SettingsError, match="can't be read"):
        choose_context([file], "dev")
    file.write_text("just text")
    with pytest.raises(SettingsError, match="is none"):
        choose_context([file], "dev")


def test_kubeconfig_is_searched_as_kubectl_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option wins over KUBECONFIG, of whose files those that exist are taken; a missing one is named."""
    file, absent = _write(tmp_path), tmp_path / "absent"
    monkeypatch.setenv("KUBECONFIG", f"{file}:{absent}")
    assert find_kubeconfig(None) == [file]
    monkeypatch.setenv("KUBECONFIG", str(absent))
    assert find_kubeconfig(str(file)) == [file]
    with pytest.raises(SettingsError, match="no kubeconfig file"):
        find_kubeconfig(None)
    with pytest.raises(SettingsError, match="--kubeconfig: "):
        find_kubeconfig(str(absent))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("prod", True), ("production", True), ("eu-prod-1", True), ("prod2", True), ("myprod", True),
        ("https://api.PROD.example:6443", True), ("gke_team_prd", True), ("live", True), ("live-eu", True),
        ("preprod", True), ("productions", True),
        ("dev", False), ("product-team-dev", False), ("nonprod", False), ("non-prod", False), ("delivery", False),
        ("alive", False), ("k3d-michelangelo-sandbox", False), ("https://127.0.0.1:6443", False),
    ],
)  # fmt: skip
def test_production_is_recognised_by_name(name: str, expected: bool) -> None:
    """Names with prod, production, prd or live are suspicious; words that merely have these letters aren't."""
    assert looks_like_production(name) is expected


@pytest.mark.parametrize("where", ["name", "cluster", "server"])
def test_production_is_refused_wherever_it_shows(where: str) -> None:
    """Context, cluster and server count alike; the way out repeats the context's name."""
    context = _make(**{where: "https://prod.example"})
    with pytest.raises(SettingsError, match="looks like production") as caught:
        refuse_production(context, None)
    assert f"--yes-this-cluster {context.name}" in caught.value.hint


def test_consent_must_repeat_the_name_exactly() -> None:
    """Only the context's exact name is consent, also where it is not needed."""
    context = _make(name="prod-eu")
    refuse_production(context, "prod-eu")
    for consent in ("prod", "PROD-EU", ""):
        with pytest.raises(SettingsError, match="is not the context's name"):
            refuse_production(context, consent)
    with pytest.raises(SettingsError, match="is not the context's name"):
        refuse_production(_make(), "other")


def test_copy_holds_this_context_alone_and_is_private(tmp_path: Path) -> None:
    """The run's kubeconfig has one context, which is current, and only its user may read it."""
    write_kubeconfig(_make(), tmp_path / "copy")
    document = json.loads((tmp_path / "copy").read_text())
    assert document["current-context"] == "dev"
    assert [len(document[key]) for key in ("clusters", "users", "contexts")] == [1, 1, 1]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600


def test_secrets_are_not_in_the_representation() -> None:
    """What a traceback or a log shows of a context has no token in it."""
    assert "t0ken" not in repr(_make())
