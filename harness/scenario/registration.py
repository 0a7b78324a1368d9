"""Section 1.3: which Ingester controllers were registered, and what to look at where some are missing.

Everything after it stands on this: a kind without its controller never reaches MySQL, however calm the logs
look. The verdict comes within seconds: once the controller manager starts its workers, no further controller
registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalogue import KINDS
from harness.polling import hold, wait_for
from harness.results import Evidence
from harness.sandbox.base import CONTROLLERMGR, Phase, Sandbox
from harness.sandbox.reach import LimitsLog, LogReach
from harness.scenario import evidence
from harness.scenario.log import (
    REGISTERED,
    SETTING_UP,
    SKIPPED,
    WORKERS_STARTED,
    LogEntry,
    get_last_words,
    get_registered_kinds,
    parse_log,
)

_SETTLED_S = 1.0
"""How long no further registration may come, after the workers have started, before the count is final."""

_EXPECTED = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True)
class Registration:
    """The controllers that the current run of the controller manager registered."""

    registered: tuple[str, ...]
    look_at: str
    evidence: tuple[Evidence, ...]
    unknown: str = ""   # why the log does not tell; the rows are then the proof
    cause: str = ""     # how the controller manager ended before it could register the others, with its last words

    @property
    def missing(self) -> list[str]:
        """The kinds without a controller; none where the log does not tell."""
        return [] if self.unknown else [name for name in _EXPECTED if name not in self.registered]

    @property
    def unexpected(self) -> list[str]:
        """Registered kinds that the catalogue doesn't have, and repeated ones."""
        seen: set[str] = set()
        extra = []
        for name in self.registered:
            if name in seen or name not in _EXPECTED:
                extra.append(name)
            seen.add(name)
        return extra

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        found = len(set(self.registered) & set(_EXPECTED))
        line = f"{found} of {len(_EXPECTED)} ingester controllers registered"
        if self.unexpected:
            line += f"; unexpected or repeated: {', '.join(name or '(no kind)' for name in self.unexpected)}"
        return f"{line}: {self.cause}" if self.cause else line


def await_registration(sandbox: Sandbox, timeout_s: float) -> Registration:
    """Wait until all controllers are registered, or it is certain that no more will come."""
    if unknown := _explain_unknown(sandbox):
        return Registration((), "", (), unknown)

    def read() -> tuple[list[LogEntry], tuple[str, ...]]:
        entries = parse_log(sandbox.read_log(CONTROLLERMGR))
        current = max((entry.run for entry in entries), default=0)
        entries = [entry for entry in entries if entry.run == current]
        return entries, tuple(get_registered_kinds(entries, current))

    wait = wait_for(
        read,
        lambda seen: set(_EXPECTED) <= set(seen[1]),
        give_up=lambda seen: _is_final(seen[0], sandbox),
        timeout_s=timeout_s,
        interval_s=0.01,
    )
    entries, registered = wait.value
    if not wait.satisfied:
        settled = hold(read, lambda seen: seen[1] == registered, for_s=_SETTLED_S)
        entries, registered = settled.value
    shown = [entry for entry in entries if entry.message in (SETTING_UP, REGISTERED, SKIPPED)]
    return Registration(
        registered,
        "" if set(_EXPECTED) <= set(registered) else _advise(entries, sandbox),
        (
            evidence.of_log(shown, f"registration lines of {CONTROLLERMGR}"),
            evidence.of_log(get_last_words(entries), f"last lines of {CONTROLLERMGR}"),
        ),
        cause="" if set(_EXPECTED) <= set(registered) else _find_cause(entries, sandbox),
    )


def _explain_unknown(sandbox: Sandbox) -> str:
    """Return why the log can't tell which controllers registered; empty where it can."""
    if not isinstance(sandbox, LimitsLog) or sandbox.log_reach is LogReach.WHOLE:
        return ""
    return sandbox.log_limit


def _is_final(entries: list[LogEntry], sandbox: Sandbox) -> bool:
    messages = {entry.message for entry in entries}
    phase = sandbox.component(CONTROLLERMGR).phase
    return SKIPPED in messages or WORKERS_STARTED in messages or phase is not Phase.RUNNING


def _find_cause(entries: list[LogEntry], sandbox: Sandbox) -> str:
    """Return how the controller manager ended, with its last words; empty where it runs."""
    component = sandbox.component(CONTROLLERMGR)
    if component.phase is Phase.RUNNING:
        return ""
    how = f"{CONTROLLERMGR} is {component.phase} ({component.reason})"
    words = get_last_words(entries)
    return f"{how}: {words[-1].describe()}" if words else how


def _advise(entries: list[LogEntry], sandbox: Sandbox) -> str:
    """Return what to look at, from what the log says and doesn't say."""
    messages = {entry.message for entry in entries}
    component = sandbox.component(CONTROLLERMGR)
    if component.phase is not Phase.RUNNING:
        return f"the last lines of {CONTROLLERMGR}, which are in the evidence"
    if SKIPPED in messages:
        return "The first gate is off: set metadataStorage.enableMetadataStorage to true in base.yaml."
    if SETTING_UP in messages:
        return (
            "The Ingester's setup ran, so both gates are on, but its list of kinds lacks the missing ones: "
            "look at the list of CRD objects in go/components/ingester/module.go."
        )
    return f"The log has no line {SETTING_UP!r}: look at whether this build contains the Ingester module."
