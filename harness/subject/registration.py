"""Section 1.3: which Ingester controllers were registered, and what to look at where some are missing.

Everything after it stands on this: a kind without its controller never reaches MySQL, however calm the logs
look. The verdict comes within seconds: once the controller manager starts its workers, no further controller
registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.polling import hold, wait_for
from harness.core.record import Evidence
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogCursor, Phase, Sandbox
from harness.sandbox.log_coverage import LimitsLog, LogCoverage
from harness.spec.read import SetupLines
from harness.subject import evidence
from harness.subject.log import (
    WORKERS_STARTED,
    LogEntry,
    find_registrations,
    get_last_words,
    get_registered_kinds,
    parse_log,
)

_SETTLED_S = 1.0
"""How long no further registration may come, after the workers have started, before the count is final."""

_SHOWN = 200   # characters of the last words


@dataclass(frozen=True)
class Registration:
    """The controllers that the current run of the controller manager registered."""

    registered: tuple[str, ...]
    expected: tuple[str, ...]
    look_at: str
    evidence: tuple[Evidence, ...]
    unknown: str = ""   # why the log does not tell; the rows are then the proof
    cause: str = ""     # how the controller manager ended before it could register the others, with its last words

    @property
    def missing(self) -> list[str]:
        """The kinds without a controller; none where the log does not tell."""
        return [] if self.unknown else [name for name in self.expected if name not in self.registered]

    @property
    def unexpected(self) -> list[str]:
        """Registered kinds that the catalogue doesn't have, and repeated ones."""
        seen: set[str] = set()
        extra = []
        for name in self.registered:
            if name in seen or name not in self.expected:
                extra.append(name)
            seen.add(name)
        return extra

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        found = len(set(self.registered) & set(self.expected))
        line = f"{found} of {len(self.expected)} ingester controllers registered"
        if self.cause:
            return f"{line}: {self.cause}"
        if self.unexpected:
            line += f"; unexpected or repeated: {', '.join(name or '(no kind)' for name in self.unexpected)}"
        return line


def await_registration(
    sandbox: Sandbox,
    expected: Sequence[str],
    timeout_s: float,
    lines: SetupLines = SetupLines(),  # noqa: B008  it is frozen
) -> Registration:
    """Wait until the controllers of all `expected` kinds are registered, or it is certain that no more come.

    `lines` are what the version logs of it.
    """
    kinds = tuple(expected)
    if unknown := _explain_unknown(sandbox):
        return Registration((), kinds, "", (), unknown)

    def look() -> _Look:
        component = sandbox.component(CONTROLLERMGR)   # before its log, which is whole once it has ended
        last = sandbox.log_cursor(CONTROLLERMGR).run
        entries = parse_log(sandbox.read_log(CONTROLLERMGR, LogCursor(last)))
        current = max((entry.run for entry in entries), default=last)
        return _Look(component, tuple(entry for entry in entries if entry.run == current), current, kinds, lines)

    wait = wait_for(
        look,
        lambda seen: seen.is_complete,
        give_up=lambda seen: seen.has_ended or not seen.messages.isdisjoint({lines.skipped, WORKERS_STARTED}),
        timeout_s=timeout_s,
        interval_s=0.01,
    )
    seen = wait.value
    if not seen.is_complete and not seen.has_ended:
        seen = hold(look, lambda later: later.registered == seen.registered, for_s=_SETTLED_S).value
    registrations = find_registrations(seen.entries, seen.run, lines)
    shown = [entry for entry in seen.entries if entry.message in lines.all or entry in registrations]
    return Registration(
        seen.registered,
        kinds,
        "" if seen.is_complete else _advise(seen),
        (
            evidence.of_log(shown, f"registration lines of {CONTROLLERMGR}"),
            evidence.of_log(get_last_words(seen.entries), f"last lines of {CONTROLLERMGR}"),
        ),
        cause="" if seen.is_complete else _find_cause(seen),
    )


@dataclass(frozen=True)
class _Look:
    """What was to be seen at one moment: the controller manager, and the log of its present run."""

    component: ComponentStatus
    entries: tuple[LogEntry, ...]
    run: int
    expected: tuple[str, ...]
    lines: SetupLines

    @property
    def messages(self) -> set[str]:
        return {entry.message for entry in self.entries}

    @property
    def registered(self) -> tuple[str, ...]:
        return tuple(get_registered_kinds(self.entries, self.run, self.lines))

    @property
    def is_complete(self) -> bool:
        return set(self.expected) <= set(self.registered)

    @property
    def has_ended(self) -> bool:
        return self.component.phase is not Phase.RUNNING


def _explain_unknown(sandbox: Sandbox) -> str:
    """Return why the log can't tell which controllers registered; empty where it can."""
    if not isinstance(sandbox, LimitsLog) or sandbox.log_coverage is LogCoverage.WHOLE:
        return ""
    return sandbox.log_limit


def _find_cause(seen: _Look) -> str:
    """Return how the controller manager ended, with its last words; empty where it runs."""
    if not seen.has_ended:
        return ""
    how = f"{CONTROLLERMGR} is {seen.component.phase} ({seen.component.reason.partition(';')[0]})"
    words = get_last_words(seen.entries)
    return f"{how}: {words[-1].describe()[:_SHOWN]}" if words else how


def _advise(seen: _Look) -> str:
    """Return what to look at, from what the log says and doesn't say."""
    if seen.has_ended:
        return f"the last lines of {CONTROLLERMGR}, which are in the evidence"
    if seen.lines.skipped in seen.messages:
        return "The first gate is off: set metadataStorage.enableMetadataStorage to true in base.yaml."
    if seen.lines.begins in seen.messages:
        return (
            "The Ingester's setup ran, so both gates are on, but its list of kinds lacks the missing ones: "
            "look at the list of CRD objects in go/components/ingester/module.go."
        )
    return f"The log has no line {seen.lines.begins!r}: look at whether this build contains the Ingester module."
