"""Puts writes and commits together: which row came for which write, and when. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.clients.mysql.commits import Commit
from harness.load.answers import Answer
from harness.load.plan import Template, Verb
from harness.load.statistics import Timed, find_quantile
from harness.load.writes import Write


@dataclass
class _Row:
    """What became of one row, in order: the versions that it had, each the highest so far, and its deletion."""

    versions: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    deleted_at: float | None = None

    def note(self, commit: Commit) -> None:
        if commit.deleted:
            self.deleted_at = commit.at if self.deleted_at is None else self.deleted_at
        if not self.versions or commit.version > self.versions[-1]:
            self.versions.append(commit.version)
            self.moments.append(commit.at)

    def find(self, version: int) -> float | None:
        """Return when the row had reached the version."""
        place = bisect_left(self.versions, version)
        return self.moments[place] if place < len(self.moments) else None


class Measurement:
    """The writes of a load and the commits of their rows, as they come in.

    Times are the API server's where it told them (`answers`, by its names of the requests), else the client's.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        self._templates = templates
        self._rows: dict[str, _Row] = {}
        self._errors: list[float] = []
        self.newest_at = 0.0   # when an answer or a row came last
        self.writes: list[Write] = []
        self.failed: list[Write] = []
        self._deleted: set[str] = set()   # objects
        self._open: list[Write] = []   # as far as it was looked after

    def add_writes(self, writes: Iterable[Write]) -> None:
        """Take in what the clients were answered."""
        for write in writes:
            if write.done and write.uid:
                self.writes.append(write)
                if write.verb is Verb.DELETE:
                    self._deleted.add(write.uid)
                self.newest_at = max(self.newest_at, write.answered_at)
                self._open.append(write)
            else:
                self.failed.append(write)

    def add_commits(self, commits: Sequence[Commit]) -> None:
        """Take in what was committed, in any order that keeps each row's own."""
        for commit in sorted(commits, key=lambda each: each.at):
            self._rows.setdefault(commit.key, _Row()).note(commit)
            self._errors.append(commit.error_s)
            self.newest_at = max(self.newest_at, commit.at)

    def count_open(self) -> int:
        """Return how many writes have no row yet."""
        self._open = [each for each in self._open if self._find_row(each) is None and not self._is_overtaken(each)]
        return sum(not self._is_fleeting(each) for each in self._open)

    def join(self, answers: Mapping[str, Answer]) -> list[Timed]:
        """Return every write that was done, with the moments of its answer and of its row."""
        return [self._time(write, answers.get(write.audit_id)) for write in self.writes]

    def count_timed(self, answers: Mapping[str, Answer]) -> int:
        """Return of how many writes the API server told when it answered them."""
        return sum(write.audit_id in answers for write in self.writes)

    def find_look_error_s(self) -> float:
        """Return how much earlier than noted most rows (99 %) may have been committed at the most."""
        return find_quantile(sorted(self._errors), 0.99) or 0.0

    def _time(self, write: Write, answer: Answer | None) -> Timed:
        at = write.answered_at if answer is None else answer.answered_at
        row_at = self._find_row(write)
        kind = self._templates[write.template].kind
        if row_at is None and self._is_overtaken(write):
            return Timed(write.verb, kind, at, self._rows[write.uid].deleted_at, overtaken=True)
        return Timed(write.verb, kind, at, row_at, fleeting=row_at is None and self._is_fleeting(write))

    def _find_row(self, write: Write) -> float | None:
        row = self._rows.get(write.uid)
        if row is None:
            return None
        return row.deleted_at if write.verb is Verb.DELETE else row.find(write.version)

    def _is_fleeting(self, write: Write) -> bool:
        """Whether the object was deleted before it had any row: none is due then, in no version."""
        return write.uid in self._deleted and write.uid not in self._rows

    def _is_overtaken(self, write: Write) -> bool:
        """Whether the object's deletion is in the row: what was written before has come to its end with it."""
        row = self._rows.get(write.uid)
        return write.verb is not Verb.DELETE and row is not None and row.deleted_at is not None
