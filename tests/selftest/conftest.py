"""Runs the acceptance tests in a process of their own, against an ingester with a seeded fault; has a ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.core.record import Check, Record, Status
from harness.report.console import make_console
from harness.report.record import read_record
from tests.signals import hear_sigint

from .batches import Batch
from .faults import CATALOGUE
from .faults.fault import Cell
from .faults.features import RETAINING
from .ledger import CleanEntry, Entry, FaultEntry, Ledger, print_ledger
from .scheduling import BatchScheduling, rank

ROOT = Path(__file__).resolve().parents[2]
_ENTRIES: dict[str, Callable[..., Entry]] = {entry.__name__: entry for entry in (FaultEntry, CleanEntry)}

_RUN_TIMEOUT_S = 1200
_CLEAN_RUNS = 2

Enter = Callable[[Entry], None]


@dataclass(frozen=True)
class Outcome:
    """How an acceptance run ended, and the seconds to its end. `record` is None where it wrote none."""

    exit_code: int
    output: str
    record: Record | None
    seconds: float = 0.0

    def find(self, status: Status) -> set[Cell]:
        """Return the cell of each check with that status."""
        return {get_cell(check) for check in self._list_checks(status)}

    def describe(self, status: Status, cells: Container[Cell] | None = None) -> str:
        """Return what the checks with that status say, those of `cells` alone where they are given."""
        return "\n".join(
            f"{check.title} {check.detail} {' '.join(map(str, check.findings))}"
            for check in self._list_checks(status)
            if cells is None or get_cell(check) in cells
        )

    def _list_checks(self, status: Status) -> list[Check]:
        return [check for check in (self.record.checks if self.record else []) if check.status is status]


def get_cell(check: Check) -> Cell:
    """Return section and topic of a check: its kind, or known issue, or ''."""
    return check.section, check.topic or check.kind or ""


class Acceptance:
    """Starts acceptance runs that share a sandbox of their own, kept between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder), "COLUMNS": "120"}
        self._runs = 0

    def run(
        self, *arguments: str, keep: bool = True, root: Path = ROOT, within: Sequence[str] = ()
    ) -> Outcome:
        """Run `pytest tests/acceptance` of the project in `root` with the arguments, to its end."""
        started = time.monotonic()
        process = self.start(*(["--keep-sandbox"] if keep else []), "-q", *arguments, root=root, within=within)
        try:
            exit_code = process.wait(_RUN_TIMEOUT_S)
        except BaseException:   # KeyboardInterrupt too: it would keep its sandbox after ours is gone
            process.send_signal(signal.SIGINT)
            process.wait(60)
            raise
        seconds = time.monotonic() - started
        return Outcome(exit_code, self.read_output(), self.read_record(), seconds)

    def start(
        self, *arguments: str, root: Path = ROOT, within: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """Start `pytest tests/acceptance` with the arguments; its output goes to a file.

        `within` is the command that runs it in surroundings of its own, such as another network.
        Without `-m` among them it is the report's chapters alone; all checks are carried out, however many fail.
        """
        self._runs += 1
        command = [*within, sys.executable, "-m", "pytest", "tests/acceptance", "-p", "no:cacheprovider"]
        command += arguments
        if "-m" not in arguments:
            command += ["-m", "report"]
        if "--verdict-within" not in arguments:
            command += ["--verdict-within", "0"]
        if "--reports" not in arguments:
            command += ["--reports", str(self._reports)]
        with self._output.open("wb") as output:
            return subprocess.Popen(
                command, cwd=root, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def _reports(self) -> Path:
        return self.folder / f"reports-{self._runs}"

    @property
    def _output(self) -> Path:
        return self.folder / f"output-{self._runs}"

    def read_output(self) -> str:
        """Return what the last run has printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def find_report(self) -> Path:
        """Return the path of the last run's page."""
        return self._reports / "latest" / "report.html"

    def read_record(self) -> Record | None:
        """Return the last run's record, None where it wrote none."""
        file = self.find_report().with_name("report.json")
        return read_record(file) if file.exists() else None

    def make_executable(self, name: str, faults: Sequence[str], profile: str) -> Path:
        """Return an executable that runs the reference with those faults."""
        path = self.folder / f"controllermgr-{name}"
        path.write_text(
            f"#!{sys.executable}\n"
            f"import sys\n"
            f"sys.path.insert(0, {str(ROOT)!r})\n"
            f"from harness.reference.process import main\n"
            f"from tests.selftest.batches import make_parts\n"
            f"sys.exit(main(['--profile', {profile!r}], parts=make_parts({list(faults)!r})))\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def try_batch(self, batch: Batch, *, whole: bool) -> Outcome:
        """Run checks against an ingester with the faults of a batch, for their kinds and one more.

        They are those of the `whole` chapter, or the ones that show the faults.
        """
        executable = self.make_executable(batch.name, [fault.name for fault in batch.faults], batch.profile)
        selection = [word for kind in batch.kinds for word in ("--crd", kind)]
        # where each object's key is pinned first, the rows of 6.4 come after a thousand such writes
        sync_s = 30 if batch.chapter == "restarts" and batch.profile == RETAINING else 3
        return self.run(
            *("--controllermgr", str(executable), "--profile", batch.profile, "--sync-timeout", str(sync_s)),
            *("-m", batch.chapter, *selection),
            *(() if whole or not batch.selection else (f"-k{batch.selection}",)),   # which may begin with a dash
            *("-p", "no:html"),   # nobody reads its page
        )

    def sandbox(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `python -m harness sandbox` with the arguments."""
        return subprocess.run(
            [sys.executable, "-m", "harness", "sandbox", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def own_acceptance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acceptance]:
    """Yield a starter of acceptance runs that shares nothing with other tests."""
    runs = Acceptance(tmp_path_factory.mktemp("o"))
    yield runs
    runs.sandbox(["down"])


@pytest.fixture(scope="session")
def acceptance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acceptance]:
    """Yield the starter of acceptance runs; its sandbox ends with the session."""
    runs = Acceptance(tmp_path_factory.mktemp("s"))
    yield runs
    runs.sandbox(["down"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare how many clean runs there are to be."""
    text = "clean runs under load (default: %(default)s)"
    parser.addoption("--clean-runs", type=int, default=_CLEAN_RUNS, metavar="N", help=text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw each clean run from a seed of its own."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, metafunc.config.option.clean_runs + 1))


def pytest_configure(config: pytest.Config) -> None:
    """Hear interruptions; keep the ledger where the results come together: in no worker of pytest-xdist."""
    hear_sigint()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LedgerKeeper(config), "ledger")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first, whoever has shuffled them."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BatchScheduling | None:
    """Keep batches together where tests are handed out by scope."""
    if config.option.dist != "loadscope":
        return None
    config.option.loadscopereorder = False   # the order is ours
    return BatchScheduling(config, log)


@pytest.fixture
def enter(record_property: Callable[[str, object], None]) -> Enter:
    """Return how a test hands in what became of a seeded fault or of a clean run."""
    return lambda entry: record_property(type(entry).__name__, asdict(entry))


class LedgerKeeper:
    """Enters what the tests hand in, wherever they ran, and shows it."""

    def __init__(self, config: pytest.Config) -> None:
        self._ledger = Ledger(config.rootpath / "reports" / "selftest")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin with the faults that are selected."""
        self._select([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Begin with the faults that are selected: each worker has collected them all."""
        self._select(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Enter what a test has handed in, once it is over."""
        if report.when == "teardown":
            properties: list[tuple[str, Any]] = report.user_properties
            for name, fields in properties:
                if name in _ENTRIES:
                    self._ledger.enter(_ENTRIES[name](**fields))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the report once more, with whether the run was cut short."""
        if not self._ledger.is_empty:
            self._ledger.interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
            self._ledger.write()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the ledger."""
        if not self._ledger.is_empty:
            terminalreporter.section("seeded faults")
            print_ledger(self._ledger, make_console(sys.__stdout__))

    def _select(self, ids: Iterable[str]) -> None:
        parameters = {id_.rpartition("[")[2].removesuffix("]") for id_ in ids if "/test_faults.py::" in id_}
        self._ledger.selected = [fault.name for fault in CATALOGUE if fault.name in parameters]
