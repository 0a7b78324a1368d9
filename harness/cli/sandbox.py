"""The commands of `sandbox`: what `--keep-sandbox` does, without pytest.

Each handler returns an exit code and raises `HarnessError` for the rest. What a script may read goes to
standard output, everything else to standard error.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
import time

from harness.cli.options import LOCAL, PROGRAM, TARGET_OPTIONS, add_to_parser, read_target
from harness.core.errors import HarnessError, SettingsError
from harness.report.console import ConsoleProgress, make_console
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor
from harness.sandbox.capabilities import BusyError
from harness.sandbox.local.client.access import list_variables
from harness.sandbox.local.client.identity import PORTS
from harness.sandbox.local.client.sandbox import end_sandbox, list_sandboxes, start_local_sandbox
from harness.sandbox.local.servers.baseyaml import ABSENT
from harness.sandbox.local.wire.folder import SandboxFolder, lock_root
from harness.sandbox.local.wire.logs import get_cursor, read_lines
from harness.sandbox.local.wire.state import State
from harness.sandbox.local.wire.sweep import sweep
from harness.sandbox.storage import get_root

_FOLLOW_INTERVAL_S = 0.2
_HOW_TO_START = f"Start one with `{PROGRAM} sandbox up`, or let a run leave its own: `--keep-sandbox`"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `sandbox up|down|status|logs|env`; `up` takes the options that say what the sandbox consists of."""
    sandbox = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    up = sandbox.add_parser("up", help="start a sandbox, or find the one with the same settings, and keep it")
    add_to_parser(up, TARGET_OPTIONS)
    up.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="COMPONENT=PORT",
        help=f"a fixed loopback port for {' or '.join(PORTS)}; default: free ones (repeatable)",
    )
    up.set_defaults(run=_start)
    down = sandbox.add_parser("down", help="end every sandbox that is kept and that no run uses")
    down.add_argument("--force", action="store_true", help="also those that a run uses, which ends with them")
    down.set_defaults(run=_stop)
    status = sandbox.add_parser("status", help="print the components of every sandbox; exit code 1 without one")
    status.set_defaults(run=_show_status)
    logs = sandbox.add_parser("logs", help="print a component's log, over all its restarts")
    logs.add_argument("component", nargs="?", default=CONTROLLERMGR, help="default: %(default)s")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the sandbox ends or Ctrl-C")
    logs.set_defaults(run=_show_log)
    env = sandbox.add_parser("env", help="print shell exports that lead to the sandbox, for `eval`")
    env.set_defaults(run=_show_variables)


class _PlainProgress:
    """Says on standard error which stages have ended."""

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Do nothing: the end says how long it took."""

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Do nothing: a terminal's progress bars are not this command's business."""

    def end(self, stage: str, note: str = "") -> None:
        """Print the stage."""
        _say(f"{stage}: {note}" if note else stage)


def _start(options: argparse.Namespace) -> int:
    if options.sandbox != LOCAL:
        raise SettingsError(f"--sandbox: {options.sandbox!r} is nothing to start here", hint=f"Valid: {LOCAL}")
    ports = dict(_read_port(word) for word in options.port)
    target = read_target(options, ConsoleProgress(make_console()))
    settings = dataclasses.replace(target.sandbox, kinds=target.make_contract().served_kinds)   # as a run has them
    sandbox = start_local_sandbox(settings, keep=True, progress=_PlainProgress(), ports=ports)
    sandbox.stop()   # lets go of it
    _say("was up already" if sandbox.reused else "up")
    print(sandbox.describe_access())
    return 0


def _stop(options: argparse.Namespace) -> int:
    root = get_root()
    ended, used = [], []
    for folder in [folder for folder, state in list_sandboxes(root) if state.kept]:
        try:
            end_sandbox(root, folder, used=options.force)
        except BusyError:
            used.append(folder.name)
        else:
            ended.append(folder.name)
    with lock_root(root):
        sweep(root)
    if used:
        _say(f"used by a run in progress: {', '.join(used)}. To end both: `{PROGRAM} sandbox down --force`")
    _say(f"ended: {', '.join(ended)}" if ended else "no sandbox was kept" if not used else "nothing was ended")
    return 1 if used else 0


def _show_status(_: argparse.Namespace) -> int:
    found = list_sandboxes(get_root())
    for folder, state in found:
        owner = "kept" if state.kept else "of a run in progress"
        print(f"{folder.path}  {state.phase}, {owner}")
        print(render_table(list(state.components.values())))
        for name, words in ABSENT.items() if state.apiserver_address else ():   # the rest of Michelangelo is
            _say(f"not there: {name} ({words})")
    if not found:
        _say(f"no sandbox is up. {_HOW_TO_START}")
    return 0 if found else 1


def _show_log(options: argparse.Namespace) -> int:
    folder, state = choose_sandbox()
    name = options.component
    if name not in state.components:
        raise SettingsError.unknown("COMPONENT", name, state.components)
    cursor = LogCursor()
    while True:
        is_up = options.follow and folder.is_alive()
        end = get_cursor(folder.logs, name)
        for line in read_lines(folder.logs, name, cursor, end):
            print(line.text)
        cursor = end
        sys.stdout.flush()
        if not is_up:
            return 0
        time.sleep(_FOLLOW_INTERVAL_S)


def _show_variables(_: argparse.Namespace) -> int:
    for name, value in list_variables(*choose_sandbox()).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def render_table(components: list[ComponentStatus]) -> str:
    """Return the components as `kubectl get pods` would show them."""
    rows = [("NAME", "STATUS", "RESTARTS", "AGE", "PID", "VERSION", "REASON")]
    for component in components:
        age = "" if component.started_at is None else f"{time.time() - component.started_at:.0f}s"
        pid = "" if component.pid is None else str(component.pid)
        version, reason = component.version or component.path, component.reason.partition("\n")[0]
        rows.append(
            (component.name, component.phase, str(component.restarts), age, pid, version, reason)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def choose_sandbox() -> tuple[SandboxFolder, State]:
    """Return the newest sandbox that is kept, else that of the newest run in progress."""
    found = list_sandboxes(get_root())
    if not found:
        raise HarnessError("no sandbox is up", hint=_HOW_TO_START)
    return found[0]


def _read_port(word: str) -> tuple[str, int]:
    name, _, number = word.partition("=")
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise SettingsError(f"--port: {word!r} is no COMPONENT=PORT", hint="Valid: such as mysql=3306")
    return name, int(number)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
