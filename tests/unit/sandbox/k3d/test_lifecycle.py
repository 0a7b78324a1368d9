"""Promises of `harness.sandbox.k3d.lifecycle`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.sandbox.k3d.cluster import CLUSTER
from harness.sandbox.k3d.folder import K3dFolder, take_folder
from harness.sandbox.k3d.lifecycle import Cleanup, ClusterLifecycle
from harness.sandbox.k3d.options import Existing, K3dSettings
from harness.sandbox.k3d.script import IN_CHECKOUT, find_script
from harness.sandbox.storage import ROOT_VARIABLE
from tests.unit.sandbox.k3d.standins import StandIns

_SCRIPT = '''
import argparse, subprocess, sys, tempfile
parser = argparse.ArgumentParser()
actions = parser.add_subparsers(dest="action", required=True)
for name in {actions}:
    action = actions.add_parser(name)
    if name in ("create", "sync"):
        action.add_argument("--exclude", nargs="+", default=[])
        action.add_argument("--wait-timeout", type=int)
words = parser.parse_args()
tempfile.mkstemp()   # as the real one leaves files behind
calls = {{"create": ["-p", "3306:30001@agent:0"]}}
if words.action == "sync":
    sys.exit(subprocess.call(["kubectl", "delete", "pod", "x"]))
sys.exit(subprocess.call(["k3d", "cluster", words.action, "michelangelo-sandbox", *calls.get(words.action, [])]))
'''
_ALL = ("create", "sync", "delete", "start", "stop")
_RUNNING = {"running": True, "ports": {"30001": "3306"}}


class _Desk:
    """One folder, from which lifecycles are taken."""

    def __init__(self, folder: K3dFolder, checkout: Path) -> None:
        self.folder = folder
        self.checkout = checkout
        self.log = folder.log.open("w", encoding="utf-8")

    def take(self, existing: Existing = Existing.REUSE, actions: tuple[str, ...] = _ALL) -> ClusterLifecycle:
        """Return a lifecycle with a sandbox.py that has these actions."""
        path = self.checkout / IN_CHECKOUT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_SCRIPT.format(actions=actions))
        return ClusterLifecycle(K3dSettings(existing), find_script(self.checkout), self.folder, self.log, SILENT)


@pytest.fixture
def desk(tmp_path: Path, standins: StandIns, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Desk]:
    """The k3d folder below a root of the test's own."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "root"))
    monkeypatch.setattr("harness.sandbox.storage._LONGEST_ROOT", 200)   # no socket lives there
    with take_folder() as folder:
        made = _Desk(folder, tmp_path / "checkout")
        yield made
        made.log.close()


def _list_actions(standins: StandIns) -> list[str]:
    """Return what was done to clusters, without looks at them."""
    words = [call.split() for call in standins.list_calls("k3d")]
    return [call[1] for call in words if call[0] == "cluster" and call[1] not in ("list", "get")]


def test_makes_a_cluster_and_deletes_it(desk: _Desk, standins: StandIns) -> None:
    """Where there is none, a cluster is made, with a kubeconfig of its own, and deleted at the end, once.

    No temporary file of the script stays behind.
    """
    lifecycle = desk.take()
    cluster, context = lifecycle.bring_up()
    assert (cluster.name, cluster.is_running, context) == (CLUSTER, True, f"k3d-{CLUSTER}")
    assert cluster.published == {30001: ("127.0.0.1", 3306)}
    lifecycle.tear_down()
    lifecycle.tear_down()
    assert _list_actions(standins) == ["create", "delete"]
    assert sorted(path.name for path in desk.folder.path.iterdir()) == ["kubeconfig", "lock", "sandbox.log"]
    made = next(call for call in standins.list_all_calls() if call["words"][:2] == ["cluster", "create"])
    assert made["kubeconfig"] == str(desk.folder.kubeconfig)


def test_leaves_a_running_cluster_alone(desk: _Desk, standins: StandIns) -> None:
    """A cluster that runs is used as it is, and nothing is owed to it."""
    standins.put_clusters(michelangelo_sandbox=_RUNNING)
    lifecycle = desk.take()
    lifecycle.bring_up()
    assert lifecycle.cleanup is Cleanup.NONE
    lifecycle.tear_down()
    assert _list_actions(standins) == []


def test_starts_a_stopped_cluster_and_stops_it(desk: _Desk, standins: StandIns) -> None:
    """A cluster that was stopped is so again at the end."""
    standins.put_clusters(michelangelo_sandbox={**_RUNNING, "running": False})
    lifecycle = desk.take()
    cluster, _ = lifecycle.bring_up()
    assert cluster.is_running
    lifecycle.tear_down()
    assert _list_actions(standins) == ["start", "stop"]


def test_makes_a_cluster_anew(desk: _Desk, standins: StandIns) -> None:
    """`recreate` deletes the cluster that is there; the new one is the run's, and deleted at the end."""
    standins.put_clusters(michelangelo_sandbox=_RUNNING)
    lifecycle = desk.take(Existing.RECREATE)
    lifecycle.bring_up()
    lifecycle.tear_down()
    assert _list_actions(standins) == ["delete", "create", "delete"]


def test_syncs_in_the_clusters_own_context(desk: _Desk, standins: StandIns) -> None:
    """Before `sync` the kubeconfig leads to the cluster, whatever the user's current context is."""
    standins.put_clusters(michelangelo_sandbox=_RUNNING)
    desk.take(Existing.SYNC).bring_up()
    calls = standins.list_all_calls()
    places = {" ".join([call["program"], *call["words"]]): place for place, call in enumerate(calls)}
    sync = places["kubectl delete pod x"]
    assert places[f"k3d kubeconfig get {CLUSTER}"] > 0
    first = next(place for place, call in enumerate(calls) if call["words"][:2] == ["kubeconfig", "get"])
    assert first < sync
    assert calls[sync]["kubeconfig"] == str(desk.folder.kubeconfig)


def test_refuses_a_sync_that_the_script_does_not_have(desk: _Desk, standins: StandIns) -> None:
    """An older script without `sync` is told, before anything is done."""
    standins.put_clusters(michelangelo_sandbox=_RUNNING)
    with pytest.raises(HarnessError, match="has no action `sync`"):
        desk.take(Existing.SYNC, ("create", "delete")).bring_up()
    assert standins.list_calls("k3d") == []


def test_deletes_what_it_began_to_make(desk: _Desk, standins: StandIns) -> None:
    """A cluster on which `create` failed half way is deleted; the error says where all output is."""
    lifecycle = desk.take()
    standins.write_program("k3d", _FAILS_AFTER_CREATING)
    with pytest.raises(HarnessError, match=r"sandbox\.py create: exit code 7") as caught:
        lifecycle.bring_up()
    assert str(desk.folder.log) in caught.value.hint
    lifecycle.tear_down()
    assert _list_actions(standins) == ["create", "delete"]


_FAILS_AFTER_CREATING = '''
created = any("create" in line for line in (FOLDER / "calls.jsonl").read_text().splitlines()[:-1])
if WORDS[:2] == ["cluster", "create"]:
    print("FATA[0000] half way", file=sys.stderr)
    sys.exit(7)
if WORDS[:2] == ["cluster", "list"]:
    node = {"role": "server", "State": {"Running": True}}
    print(json.dumps([{"name": "michelangelo-sandbox", "nodes": [node]}] if created else []))
'''


def test_does_not_delete_what_another_made_meanwhile(desk: _Desk, standins: StandIns) -> None:
    """Where `create` finds that somebody was faster, the cluster is theirs."""
    words = f"FATA[0000] Failed to create cluster '{CLUSTER}' because a cluster with that name already exists"
    standins.fail("k3d", "cluster", "create", output=words)
    lifecycle = desk.take()
    with pytest.raises(HarnessError, match="already exists"):
        lifecycle.bring_up()
    assert lifecycle.cleanup is Cleanup.NONE


def test_says_that_there_is_no_cluster_after_all(desk: _Desk, standins: StandIns) -> None:
    """A script that ends well and leaves no cluster of the name is an error that lists those there are."""
    standins.put_clusters(other=_RUNNING)
    path = desk.checkout / IN_CHECKOUT
    lifecycle = desk.take()
    path.write_text(path.read_text().replace("sys.exit(subprocess", "sys.exit(0 and subprocess"))
    with pytest.raises(HarnessError, match=r"no running cluster michelangelo-sandbox \(it has: other\)"):
        lifecycle.bring_up()


def test_one_run_at_a_time(desk: _Desk) -> None:
    """The folder is one run's; a second is told at once who is in the way."""
    with pytest.raises(HarnessError, match="another run uses the k3d sandbox"), take_folder():
        pass
