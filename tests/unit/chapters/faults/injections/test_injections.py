"""Injections into links, MySQL and watches: each tells a fault that was injected from one that was not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest

from harness.chapters.faults.injections.base import explain_foreign_mysql
from harness.chapters.faults.injections.connections import BrokenLink
from harness.chapters.faults.injections.refusals import DiskFull, LockWait, ReadOnly
from harness.chapters.faults.injections.schema import TableMissing
from harness.chapters.faults.injections.watches import WatchExpiry
from harness.chapters.faults.load.history import History
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import Follower
from harness.clients.mysql.admin import TransactionError
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import Refusal
from harness.core.outcomes import Invalid
from harness.sandbox.base import KUBE_APISERVER, MYSQL, ComponentStatus, Phase
from harness.sandbox.capabilities import InjectionResult, LinkFault, ProbeOutcome, ProbeResult
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_event, make_obj


class FakeSandbox:
    """A sandbox whose links answer as told, and which notes what is asked of it."""

    name = "fake"
    has_faults = True
    mysql = None

    def __init__(
        self, probed: ProbeResult | None = None, *, path: str = "/usr/sbin/mysqld", pid: int | None = 7
    ) -> None:
        self.actions: list[str] = []
        self._probed = probed
        self._path = path
        self._pid = pid

    def component(self, name: str) -> ComponentStatus:
        """Return a component."""
        return ComponentStatus(name, Phase.RUNNING, pid=self._pid, path=self._path)

    def _note(self, action: str) -> InjectionResult:
        self.actions.append(action)
        return InjectionResult(MYSQL, action, injected=True, seen=action, at=0.0)

    def break_link(self, component: str, mode: LinkFault) -> InjectionResult:
        """Note it."""
        return self._note(f"break {component} {mode}")

    def heal_link(self, component: str) -> InjectionResult:
        """Note it."""
        return self._note(f"heal {component}")

    def probe(self, _component: str) -> ProbeResult | None:
        """Return what was told."""
        return self._probed

    def fill_disk(self) -> InjectionResult:
        """Note it."""
        return self._note("fill")

    def free_disk(self) -> InjectionResult:
        """Note it."""
        return self._note("free")

    def start(self, component: str) -> InjectionResult:
        """Note it."""
        return self._note(f"start {component}")

    def kill(self, component: str) -> InjectionResult:
        """Note it."""
        return self._note(f"kill {component}")

    def pause(self, component: str) -> InjectionResult:
        """Note it."""
        return self._note(f"pause {component}")

    def resume(self, component: str) -> InjectionResult:
        """Note it."""
        return self._note(f"resume {component}")

    def is_gone(self, _pid: int) -> bool:
        """Whether it is: no."""
        return False

    def is_stopped(self, _pid: int) -> bool:
        """Whether it is: yes."""
        return True

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

    def set_global(self, name: str, value: str | int) -> str:
        """Note it; return what it was."""
        self.statements.append(f"{name}={value}")
        return "50"

    def end_connections(self, user: str) -> int:
        """Note it."""
        self.statements.append(f"end {user}")
        return 0


class FakeContext:
    """What an injection gets; `log` is what the Ingester's log says."""

    def __init__(self, sandbox: FakeSandbox | None = None, *, log: str = "", status: int = 0) -> None:
        self.sandbox = sandbox or FakeSandbox()
        self.admin = FakeAdmin()
        self.cluster = FakeCluster(status)
        self.history = History()
        self.follower = Follower()
        self.namespace = "load"
        self.kinds = [CONTRACT.get_kind("Pipeline"), CONTRACT.get_kind("Cluster")]
        self._log = log

    def await_log(self, _pattern: str, _timeout_s: float = 0.0) -> str:
        """Return what the log says."""
        return self._log


@pytest.mark.parametrize(
    ("mode", "outcome", "after_s", "is_injected"),
    [
        (LinkFault.REFUSED, ProbeOutcome.REFUSED, 0.0, True),
        (LinkFault.REFUSED, ProbeOutcome.ANSWERED, 0.0, False),
        (LinkFault.HANGING, ProbeOutcome.SILENT, 1.0, True),
        (LinkFault.RESETTING, ProbeOutcome.RESET, 0.0, True),
        (LinkFault.SLOW, ProbeOutcome.ANSWERED, 0.4, True),
        (LinkFault.SLOW, ProbeOutcome.ANSWERED, 0.001, False),
    ],
)
def test_a_broken_link_is_proven_by_a_connection(
    mode: LinkFault, outcome: ProbeOutcome, after_s: float, is_injected: bool
) -> None:
    """A link is broken if a connection on it fares as it should; one that is as usual makes the round invalid."""
    sandbox = FakeSandbox(ProbeResult("127.0.0.1:1", outcome, after_s))
    injection, context = BrokenLink(KUBE_APISERVER, mode), FakeContext(sandbox)
    injection.inject(context)  # type: ignore[arg-type]
    if is_injected:
        assert "127.0.0.1:1" in injection.prove(context)  # type: ignore[arg-type]
    else:
        with pytest.raises(Invalid, match="was as usual"):
            injection.prove(context)  # type: ignore[arg-type]
    assert injection.is_active(context) is is_injected  # type: ignore[arg-type]
    injection.recover(context)  # type: ignore[arg-type]
    assert sandbox.actions == [f"break {KUBE_APISERVER} {mode}", f"heal {KUBE_APISERVER}"]


def test_a_read_only_server_must_show_in_the_ingesters_log() -> None:
    """A fault of MySQL that the Ingester did not feel proves nothing, and is undone all the same."""
    injection, context = ReadOnly(), FakeContext()
    injection.inject(context)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="no line of the Ingester's log"):
        injection.prove(context)  # type: ignore[arg-type]
    injection.recover(context)  # type: ignore[arg-type]
    assert context.admin.statements == ["SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"]
    assert ReadOnly().prove(FakeContext(log="Error 1290")) == "Error 1290"  # type: ignore[arg-type]


def test_a_server_that_ended_over_its_full_disk_is_started() -> None:
    """Freeing the disk of a server that is gone begins with its start."""
    context = FakeContext(FakeSandbox(pid=None))
    injection = DiskFull()
    injection.inject(context)  # type: ignore[arg-type]
    injection.recover(context)  # type: ignore[arg-type]
    assert context.sandbox.actions == ["fill", f"start {MYSQL}", "free"]


@pytest.mark.parametrize("broken", [0, 3, 100])
def test_locks_are_taken_again_where_mysql_broke_the_transaction(
    monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """The Ingester's may have the same locks in another order; without end the round can't be told."""
    tried: list[Sequence[str]] = []

    @contextlib.contextmanager
    def hold_locks(_endpoint: object, statements: Sequence[str], _parameters: object) -> Iterator[None]:
        tried.append(statements)
        if len(tried) <= broken:
            raise TransactionError("Deadlock found")
        yield

    monkeypatch.setattr("harness.chapters.faults.injections.refusals.hold_locks", hold_locks)
    injection, context = LockWait(), FakeContext()
    with pytest.raises(TransactionError) if broken == 100 else contextlib.nullcontext():
        injection.inject(context)  # type: ignore[arg-type]
    assert len(tried) == min(broken + 1, 8)
    injection.recover(context)  # type: ignore[arg-type]
    assert "SET GLOBAL innodb_lock_wait_timeout = 50" in context.admin.statements


def test_a_mysql_of_others_is_left_alone() -> None:
    """MySQL is disturbed only where it is the sandbox's own."""
    elsewhere = FakeSandbox(path="external: db:3306")
    assert explain_foreign_mysql(elsewhere) == "MySQL is not the sandbox's own"  # type: ignore[arg-type]


def test_other_kinds_must_follow_while_a_table_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind whose rows stay behind while another's table is away is a finding; that kind itself is none."""
    monkeypatch.setattr("harness.chapters.faults.injections.schema._FOLLOW_S", 0.1)
    context = FakeContext()
    for kind in ("Pipeline", "Cluster"):
        context.history.add(make_event(Verb.CREATE, make_obj(kind, 9), name=kind, kind=kind))
    (finding,) = TableMissing().examine(context)  # type: ignore[arg-type]
    assert finding.where == "Cluster, while table pipeline is broken"
    context.follower.rows["Cluster"] = {"uid-of-Cluster": RowVersion("Cluster", 9, live=True)}
    assert TableMissing().examine(context) == []  # type: ignore[arg-type]


def expire_watches(status: int) -> FakeContext:
    """Inject and recover where an old watch is answered with that status; return the context."""
    context, injection = FakeContext(status=status), WatchExpiry()
    injection.inject(context)  # type: ignore[arg-type]
    try:
        injection.recover(context)  # type: ignore[arg-type]
    finally:
        assert context.sandbox.actions[-4:] == [
            "compact", f"kill {KUBE_APISERVER}", f"start {KUBE_APISERVER}", "resume michelangelo-controllermgr",
        ]  # fmt: skip
    return context


def test_an_expired_watch_is_proven_by_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round is valid only if a watch from before the fault is answered with 410; it is undone in any case."""
    monkeypatch.setattr("harness.chapters.faults.injections.watches._ASK_S", 0.1)
    expire_watches(410)
    with pytest.raises(Invalid, match="was not answered with 410"):
        expire_watches(0)
