"""The strokes on ways, on MySQL and on watches: each tells a fault that struck from one that did not."""

from __future__ import annotations

import pytest

from harness.chapters.faults.connections import CutOff
from harness.chapters.faults.ledger import Ledger
from harness.chapters.faults.plan import Verb
from harness.chapters.faults.refusals import DiskFull, ReadOnly
from harness.chapters.faults.sampler import Follower
from harness.chapters.faults.scene import explain_foreign_mysql
from harness.chapters.faults.schema import TableMissing
from harness.chapters.faults.tables import RowVersion
from harness.chapters.faults.watches import WatchExpiry
from harness.core.errors import Refusal
from harness.core.outcomes import Invalid
from harness.sandbox.base import KUBE_APISERVER, MYSQL, ComponentStatus, Phase
from harness.sandbox.capabilities import Cut, Outcome, Reach, Strike
from harness.spec.catalogue import KINDS_BY_NAME

from .builders import make_entry, make_obj


class FakeSandbox:
    """A sandbox whose ways answer as told, and which notes what is asked of it."""

    name = "fake"
    has_faults = True

    def __init__(self, reach: Reach | None = None, *, path: str = "/usr/sbin/mysqld", pid: int | None = 7) -> None:
        self.deeds: list[str] = []
        self._reach = reach
        self._path = path
        self._pid = pid

    def component(self, name: str) -> ComponentStatus:
        """Return a component."""
        return ComponentStatus(name, Phase.RUNNING, pid=self._pid, path=self._path)

    def _note(self, deed: str) -> Strike:
        self.deeds.append(deed)
        return Strike(MYSQL, deed, struck=True, seen=deed, at=0.0)

    def cut(self, component: str, mode: Cut) -> Strike:
        """Note it."""
        return self._note(f"cut {component} {mode}")

    def mend(self, component: str) -> Strike:
        """Note it."""
        return self._note(f"mend {component}")

    def probe(self, _component: str) -> Reach | None:
        """Return what was told."""
        return self._reach

    def fill_disk(self) -> Strike:
        """Note it."""
        return self._note("fill")

    def free_disk(self) -> Strike:
        """Note it."""
        return self._note("free")

    def start(self, component: str) -> Strike:
        """Note it."""
        return self._note(f"start {component}")

    def kill(self, component: str) -> Strike:
        """Note it."""
        return self._note(f"kill {component}")

    def pause(self, component: str) -> Strike:
        """Note it."""
        return self._note(f"pause {component}")

    def resume(self, component: str) -> Strike:
        """Note it."""
        return self._note(f"resume {component}")

    def compact_etcd(self) -> int:
        """Note it."""
        self._note("compact")
        return 1


class FakeCluster:
    """An API server that answers old watches with a status, or serves them."""

    def __init__(self, status: int) -> None:
        self._status = status

    def get_history(self, *_: object, **__: object) -> list[object]:
        """Answer."""
        if self._status:
            raise Refusal(self._status, "Gone", "too old")
        return []


class FakeAdmin:
    """Notes the statements."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sql: str) -> list[object]:
        """Note it."""
        self.statements.append(sql)
        return []


class FakeScene:
    """What a stroke gets; `log` is what the Ingester's log says."""

    def __init__(self, sandbox: FakeSandbox | None = None, *, log: str = "", status: int = 0) -> None:
        self.sandbox = self.powers = sandbox or FakeSandbox()
        self.admin = FakeAdmin()
        self.cluster = FakeCluster(status)
        self.ledger = Ledger()
        self.follower = Follower()
        self.namespace = "load"
        self.kinds = [KINDS_BY_NAME["Pipeline"], KINDS_BY_NAME["Cluster"]]
        self._log = log

    def await_log(self, _pattern: str, _timeout_s: float = 0.0) -> str:
        """Return what the log says."""
        return self._log


@pytest.mark.parametrize(
    ("mode", "outcome", "after_s", "is_struck"),
    [
        (Cut.REFUSED, Outcome.REFUSED, 0.0, True),
        (Cut.REFUSED, Outcome.ANSWERED, 0.0, False),
        (Cut.HANGING, Outcome.SILENT, 1.0, True),
        (Cut.RESETTING, Outcome.RESET, 0.0, True),
        (Cut.SLOW, Outcome.ANSWERED, 0.4, True),
        (Cut.SLOW, Outcome.ANSWERED, 0.001, False),
    ],
)
def test_a_cut_is_proven_by_a_connection(mode: Cut, outcome: Outcome, after_s: float, is_struck: bool) -> None:
    """A way is cut if a connection on it fares as it should; one that is as usual makes the round invalid."""
    sandbox = FakeSandbox(Reach("127.0.0.1:1", outcome, after_s))
    stroke, scene = CutOff(KUBE_APISERVER, mode), FakeScene(sandbox)
    stroke.strike(scene)  # type: ignore[arg-type]
    if is_struck:
        assert "127.0.0.1:1" in stroke.prove(scene)  # type: ignore[arg-type]
    else:
        with pytest.raises(Invalid, match="was as usual"):
            stroke.prove(scene)  # type: ignore[arg-type]
    assert stroke.stands(scene) is is_struck  # type: ignore[arg-type]
    stroke.heal(scene)  # type: ignore[arg-type]
    assert sandbox.deeds == [f"cut {KUBE_APISERVER} {mode}", f"mend {KUBE_APISERVER}"]


def test_a_read_only_server_must_show_in_the_ingesters_log() -> None:
    """A fault of MySQL that the Ingester did not feel proves nothing, and is undone all the same."""
    stroke, scene = ReadOnly(), FakeScene()
    stroke.strike(scene)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="no line of the Ingester's log"):
        stroke.prove(scene)  # type: ignore[arg-type]
    stroke.heal(scene)  # type: ignore[arg-type]
    assert scene.admin.statements == ["SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"]
    assert ReadOnly().prove(FakeScene(log="Error 1290")) == "Error 1290"  # type: ignore[arg-type]


def test_a_server_that_ended_over_its_full_disk_is_started() -> None:
    """Freeing the disk of a server that is gone begins with its start."""
    scene = FakeScene(FakeSandbox(pid=None))
    stroke = DiskFull()
    stroke.strike(scene)  # type: ignore[arg-type]
    stroke.heal(scene)  # type: ignore[arg-type]
    assert scene.sandbox.deeds == ["fill", f"start {MYSQL}", "free"]


def test_a_mysql_of_others_is_left_alone() -> None:
    """MySQL is disturbed only where it is the sandbox's own."""
    elsewhere = FakeSandbox(path="external: db:3306")
    assert explain_foreign_mysql(elsewhere) == "MySQL is not the sandbox's own"  # type: ignore[arg-type]


def test_other_kinds_must_follow_while_a_table_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind whose rows stay behind while another's table is away is a finding; that kind itself is none."""
    monkeypatch.setattr("harness.chapters.faults.schema._FOLLOW_S", 0.1)
    scene = FakeScene()
    for kind in ("Pipeline", "Cluster"):
        scene.ledger.add(make_entry(Verb.CREATE, make_obj(kind, 9), name=kind, kind=kind))
    (finding,) = TableMissing().examine(scene)  # type: ignore[arg-type]
    assert finding.where == "Cluster, while table pipeline is broken"
    scene.follower.rows["Cluster"] = {"uid-of-Cluster": RowVersion("Cluster", 9, live=True)}
    assert TableMissing().examine(scene) == []  # type: ignore[arg-type]


def expire_watches(status: int) -> FakeScene:
    """Strike and heal where an old watch is answered with that status; return the scene."""
    scene, stroke = FakeScene(status=status), WatchExpiry()
    stroke.strike(scene)  # type: ignore[arg-type]
    try:
        stroke.heal(scene)  # type: ignore[arg-type]
    finally:
        assert scene.sandbox.deeds[-4:] == [
            "compact", f"kill {KUBE_APISERVER}", f"start {KUBE_APISERVER}", "resume michelangelo-controllermgr",
        ]  # fmt: skip
    return scene


def test_an_expired_watch_is_proven_by_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round is valid only if a watch from before the fault is answered with 410; it is healed in any case."""
    monkeypatch.setattr("harness.chapters.faults.watches._ASK_S", 0.1)
    expire_watches(410)
    with pytest.raises(Invalid, match="was not answered with 410"):
        expire_watches(0)
