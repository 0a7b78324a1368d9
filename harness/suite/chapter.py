"""What a chapter of the report is: one record, with a record for each of its sections.

A chapter is a folder of `harness.chapters` whose `chapter.py` makes such a record, and a line in
`harness.chapters.CHAPTERS`. The session, the plugin, the report's contents and the README's table follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.core.known_issue import KnownIssue
from harness.core.record import ChapterContents, ColumnContents, Layout, SectionContents
from harness.spec.model import Case
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder
from harness.suite.user_objects import UserObject


@dataclass(frozen=True)
class Topic:
    """What one check of a section is about.

    `name` ends the check's id ("1.6-model"). `value` is handed to the check: a case, a known issue, a fault, None
    for the run as a whole. `kind` is its row in a matrix, None for a check of no kind. `section` and `title`
    differ from the section's own in chapters whose sections are families.
    """

    name: str
    value: Any = None
    kind: str | None = None
    section: str = ""
    title: str = ""


@dataclass(frozen=True)
class Selection:
    """What is known of a run before it starts, for sections to list their topics."""

    cases: Sequence[Case]
    expectations: Expectations
    objects: Sequence[UserObject] = ()   # that the user brings


def each_case(selection: Selection) -> list[Topic]:
    """Return a topic per kind of the run."""
    return [Topic(case.name.lower(), case, case.name) for case in selection.cases]


def whole_run(_: Selection) -> list[Topic]:
    """Return one topic, the run itself."""
    return [Topic("")]


@dataclass(frozen=True)
class Section:
    """A section of the report: what it promises, and the check that shows whether the promise is kept.

    `check` gets the chapter's state, the topic's value and the recorder. It records what it finds and returns, or
    raises an Outcome (`harness.core.outcomes`) where there is nothing to judge. `heading` is a few words, `title`
    what the check is called, `promise` one sentence. With `expects_issues`, a known issue that may show in this
    check and does not is stale; other sections leave that to one that looks for the issue. A failure of a section
    that `heads_the_report` is the run's headline, since all else follows from it; the checks of one that
    `proves_sync` say which kinds reached MySQL. One that `needs_apiserver` is left out where there is no API
    server of Michelangelo's. One that is about another chapter's objects has a title and an explanation for where
    it stands `alone`. `features` are those of the version's that the promise stands on: where one has a value that
    nobody knows, nothing is judged.
    """

    number: str
    heading: str
    title: str
    promise: str
    check: Callable[[Any, Any, Recorder], None]
    topics: Callable[[Selection], Sequence[Topic]] = each_case
    expects_issues: bool = True
    heads_the_report: bool = False
    proves_sync: bool = False
    needs_apiserver: bool = False
    alone: tuple[str, str] = ("", "")
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A chapter of the report.

    `open` makes its state from the RunContext, once, when the first of its checks asks for it; of a chapter that
    `stands_on` another one, also from that one's state. A state that has a `close` method is closed with the run.
    `markers` select it with pytest's `-m`, the first one documented by `summary`. With `by_request` it runs only
    where a marker or a section of it is asked for; `needs_faults` has the sandbox started so that it can be
    disturbed. `columns` group sections in the matrix; without them each section with kinds is a column.
    All sections stand on its `features`.
    """

    key: str
    title: str
    explanation: str
    summary: str
    markers: tuple[str, ...]
    open: Callable[..., Any]
    sections: tuple[Section, ...]
    issues: tuple[KnownIssue, ...] = ()
    layout: Layout = Layout.MATRIX
    columns: tuple[ColumnContents, ...] = ()
    stands_on: str = ""
    by_request: bool = False
    needs_faults: bool = False
    features: tuple[str, ...] = ()

    def describe(self) -> ChapterContents:
        """Return the chapter's table of contents."""
        sections = {s.number: SectionContents(s.number, s.heading, *s.alone) for s in self.sections}
        return ChapterContents(
            self.key, self.title, self.explanation, self.layout, list(sections.values()), list(self.columns)
        )
