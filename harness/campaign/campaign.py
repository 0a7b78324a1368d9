"""A campaign under way: hands rounds to a crew until each has a verdict, or was tried often enough.

It knows neither Ray nor a sandbox. What has ended is in the journal before the next is handed out, so that
whatever ends it, nothing has to be done twice.
"""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.campaign.journal import Journal
from harness.campaign.plan import Round
from harness.campaign.record import Attempt
from harness.campaign.worker import Task
from harness.core.progress import Progress
from harness.core.record import Status

ROUNDS = "rounds"   # the folder, and the stage
_LOOK_S = 1.0
_HOPELESS = 6   # attempts without a verdict, when none of the same version and database ever had one


class Crew(Protocol):
    """Who runs rounds."""

    def submit(self, task: Task, entries: list[str]) -> None:
        """Have a task run, which needs these archives."""

    def collect(self, timeout_s: float) -> list[tuple[Attempt, bytes]]:
        """Return the attempts that have ended, each with what is kept of it; waits so long for the first."""


@dataclass(frozen=True)
class Subject:
    """A version with a database: how a round of it is put into a task, and the archives that this needs.

    One that is `alone` has a database that its rounds would share, so that they go one after the other.
    """

    make_task: Callable[[Attempt], Task]
    entries: list[str] = field(default_factory=list)
    alone: bool = False


class Campaign:
    """The rounds of a plan, by subject, and what of them is done.

    A round is tried up to `tries` times, and no more than `limit` are under way, None: as many as the crew takes.
    `reasons` say of rounds why they were not run to the end.
    """

    def __init__(
        self,
        rounds: Sequence[Round],
        subjects: dict[tuple[str, str], Subject],
        journal: Journal,
        folder: Path,
        progress: Progress,
        *,
        tries: int,
        limit: int | None,
    ) -> None:
        self.rounds = list(rounds)
        self.reasons: dict[Round, str] = {}
        self._subjects = subjects
        self._journal = journal
        self._folder = folder
        self._progress = progress
        self._tries = tries
        self._limit = len(self.rounds) if limit is None else limit
        self._waiting = deque((each, 1) for each in self.rounds if each not in journal.judged)
        self._flying: list[Round] = []
        self._proven = {(each.version, each.database) for each in journal.judged}
        self._vain: Counter[tuple[str, str]] = Counter()
        self._failed = sum(attempt.status is Status.FAIL for attempt in journal.attempts)

    @property
    def has_work(self) -> bool:
        """Whether rounds are left to be run."""
        return bool(self._waiting or self._flying)

    def run(self, crew: Crew) -> None:
        """Run what is left to be run."""
        self._progress.begin(ROUNDS, total=len(self.rounds), unit=ROUNDS)
        self._tell()
        while self.has_work:
            self._hand_out(crew)
            if not self._flying:
                break   # what waits has no hope
            for attempt, kept in crew.collect(_LOOK_S):
                self._take(attempt, kept)
            self._tell()
        self._progress.end(ROUNDS, f"{self._count_judged()} of {len(self.rounds)} judged, {self._failed} failed")

    def _hand_out(self, crew: Crew) -> None:
        """Hand out as many rounds as may be under way."""
        held: list[tuple[Round, int]] = []
        while self._waiting and len(self._flying) < self._limit:
            one, number = self._waiting.popleft()
            key = (one.version, one.database)
            if self._vain[key] >= _HOPELESS and key not in self._proven:
                self.reasons[one] = f"given up: none of the first {_HOPELESS} attempts had a verdict"
            elif self._subjects[key].alone and any((each.version, each.database) == key for each in self._flying):
                held.append((one, number))
            else:
                subject = self._subjects[key]
                crew.submit(subject.make_task(Attempt(one, number)), subject.entries)
                self._flying.append(one)
        self._waiting.extendleft(reversed(held))

    def _take(self, attempt: Attempt, kept: bytes) -> None:
        """Write down how an attempt has ended, and have its round tried again where that was no verdict."""
        one = attempt.round
        self._flying.remove(one)
        if kept:
            name = one.folder if attempt.is_verdict else f"{one.folder}-{attempt.number}"
            with tarfile.open(fileobj=io.BytesIO(kept)) as archive:
                archive.extractall(self._folder / ROUNDS / name, filter="data")
            attempt = dataclasses.replace(attempt, folder=f"{ROUNDS}/{name}")
        if not self._journal.write(attempt):
            return
        key = (one.version, one.database)
        if attempt.is_verdict:
            self._proven.add(key)
            self._failed += attempt.status is Status.FAIL
        else:
            self._vain[key] += not attempt.lost
            if attempt.number < self._tries:
                self._waiting.append((one, attempt.number + 1))

    def _tell(self) -> None:
        note = f"{len(self._flying)} handed out, {self._failed} failed"
        self._progress.advance(ROUNDS, self._count_judged(), note)

    def _count_judged(self) -> int:
        judged = self._journal.judged
        return sum(each in judged for each in self.rounds)
