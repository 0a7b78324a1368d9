"""One kind's way through the chapter: its schema, its main object, and what is known of its leaves. No I/O."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.chapters.fields.places import Places
from harness.chapters.fields.plan import REMOVED, Group, Step
from harness.chapters.fields.words import find_undecodable
from harness.core.record import Finding
from harness.spec.equality import expect_column
from harness.spec.model import Case, ColumnType, IndexedColumn, JsonObject
from harness.spec.row import Row
from harness.spec.schema.leaves import Leaf, find_suspects
from harness.spec.schema.objects import Filled, Filler, find, join
from harness.spec.schema.published import KindSchema
from harness.subject.steps import Sync
from harness.subject.subject import Subject


class Reason(StrEnum):
    """Why a leaf did not reach MySQL."""

    UNMADE = "no value is known that its schema takes"
    REFUSED = "refused by the API server"
    PRUNED = "pruned by the API server"
    REWRITTEN = "rewritten by a controller at once"
    UNDECODABLE = "no value that its schema takes can be decoded"
    UNSYNCED = "an object with it is never synced"
    DIFFERENT = "differs in MySQL"
    UNTRIED = "not tried"


@dataclass
class Course:
    """What was set of one kind, and what became of it.

    `reasons` say why a leaf is left out or was not proven, in the server's or the Ingester's words; `forms` are
    formats that were learnt from an error; `columns` what was seen of each indexed column: set, changed, cleared.
    """

    case: Case
    schema: KindSchema
    fillers: dict[str, Filler] = field(default_factory=dict)
    subject: Subject | None = None
    sent: dict[str, Filled] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    proven: set[str] = field(default_factory=set)
    left_out: dict[str, tuple[Reason, str]] = field(default_factory=dict)
    reasons: dict[str, tuple[Reason, str]] = field(default_factory=dict)
    alternatives: dict[str, str] = field(default_factory=dict)
    apart: dict[str, Group] = field(default_factory=dict)   # leaves that the main object never has
    forms: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)   # words of the log that an earlier version brought
    texts: set[str] = field(default_factory=set)     # that its main object ever held
    columns: dict[str, set[str]] = field(default_factory=dict)
    column_values: dict[str, object] = field(default_factory=dict)
    ended: str = ""   # why nothing more can be asked of the main object
    objects: int = 0

    def __post_init__(self) -> None:
        if not self.fillers:
            self.fillers = {part: Filler(schema, part) for part, schema in self.schema.parts.items()}
        for filler in self.fillers.values():
            mixed, last = find_suspects(filler.leaves)
            self.apart |= dict.fromkeys(mixed, Group.MIXED) | dict.fromkeys(last, Group.LAST)

    @property
    def leaves(self) -> list[str]:
        """Every leaf of the kind."""
        return [leaf.path for filler in self.fillers.values() for leaf in filler.leaves]

    @functools.cached_property
    def leaves_by_path(self) -> dict[str, Leaf]:
        """Every leaf of the kind, by its path."""
        return {leaf.path: leaf for filler in self.fillers.values() for leaf in filler.leaves}

    def list_proven(self, part: str) -> list[str]:
        """Return the leaves of the part that have reached MySQL in some object, and may stand beside others."""
        return [leaf for leaf in self.list_wanted(part) if leaf in self.proven]

    def list_leaves(self, part: str) -> list[str]:
        """Return the leaves of the part that are not left out."""
        filler = self.fillers.get(part)
        return [leaf.path for leaf in filler.leaves if leaf.path not in self.left_out] if filler else []

    def fill(self, part: str, wanted: Iterable[str], *, variant: int = 0, round_: int = 0) -> Filled:
        """Return the part with the wanted leaves set, as far as they are not left out."""
        chosen = {leaf for leaf in wanted if leaf not in self.left_out}
        filled = self.fillers[part].fill(
            variant=variant, round_=round_, wanted=chosen.__contains__, forms=self.forms
        )
        for leaf in filled.unmade:
            self.leave_out([leaf], Reason.UNMADE)
        self.tried |= set(filled.leaves.values())
        return filled

    @functools.cached_property
    def least(self) -> JsonObject:
        """The spec with no more than its schema requires."""
        made: JsonObject = self.fill("spec", ()).value if "spec" in self.fillers else {}
        return made

    def leave_out(self, leaves: Iterable[str], reason: Reason, words: str = "") -> None:
        """Set these leaves no more."""
        for leaf in leaves:
            self.left_out.setdefault(leaf, (reason, words))

    def list_wanted(self, part: str, group: Group = Group.MAIN) -> list[str]:
        """Return the leaves of the part that belong to the group; the main one has of alternatives the first."""
        own = [leaf for leaf in self.list_leaves(part) if self.apart.get(leaf, Group.MAIN) is group]
        return [leaf for leaf in own if leaf not in self.alternatives or group is not Group.MAIN]

    def allow_again(self) -> None:
        """Let leaves that could not be decoded beside others be tried without those."""
        for leaf in [leaf for leaf, (reason, _) in self.left_out.items() if reason is Reason.UNDECODABLE]:
            self.reasons[leaf] = self.left_out.pop(leaf)
            self.apart[leaf] = Group.MIXED

    def note_sent(self, part: str, filled: Filled) -> None:
        """Note what the main object was given."""
        self.sent[part] = filled
        self.texts |= {text for text in map(filled.get, filled.leaves) if isinstance(text, str) and "-" in text}

    def note_refused(self, filled: Filled, words: str) -> None:
        """Note that the API server refuses an object with these leaves."""
        for leaf in filled.paths:
            self.reasons.setdefault(leaf, (Reason.REFUSED, words))

    def is_past(self, words: str) -> bool:
        """Whether words about an undecodable object are of one as it stood before: they name nothing of it now."""
        is_known = any(each in words for each in self.stale)
        return is_known and not any(find_undecodable(words, filled) for filled in self.sent.values())

    def note(self, sync: Sync, filled: Filled, step: Step, findings: Iterable[Finding]) -> None:
        """Note which leaves and columns of an awaited row are as the step has them."""
        if sync.obj is not None and sync.row is not None:
            self._note_leaves(filled, sync.write.obj, sync.obj, findings)
            self._note_columns(sync.row, step, findings)

    def _note_leaves(
        self, filled: Filled, stored: JsonObject, obj: JsonObject, findings: Iterable[Finding]
    ) -> None:
        """Note which leaves reached MySQL; `stored` answered the write, `obj` has the row's version."""
        wrong = Places(finding.where for finding in findings)
        by_leaf: dict[str, list[tuple[Reason, str]]] = {}
        for place, leaf in filled.leaves.items():
            sent, where = filled.get(place), join(place)
            problems = by_leaf.setdefault(leaf, [])
            if find(stored, place) != sent:
                problems.append((Reason.PRUNED, "the API server did not store it"))
            elif find(obj, place) != sent:
                problems.append((Reason.REWRITTEN, "the object at the row's version has another value"))
            elif wrong.concern(where):
                problems.append((Reason.DIFFERENT, where))
        for leaf, problems in by_leaf.items():
            if not problems:
                self.proven.add(leaf)
            else:
                self.reasons[leaf] = problems[0]

    def _note_columns(self, row: Row, step: Step, findings: Iterable[Finding]) -> None:
        """Note which indexed columns were seen with a value, with another one, and without."""
        wrong = {finding.where for finding in findings}
        for column in self.case.kind.columns:
            if any(where.endswith(f"column {column.name}") for where in wrong):
                continue
            value, default = row.columns.get(column.name), expect_column(column, {})
            is_default = value in (default, None, "", column.zero or "") or (value == "0" and default == "0")
            seen = self.columns.setdefault(column.name, set())
            if not is_default:
                if "set" in seen and self.column_values.get(column.name) != value:
                    seen.add("changed")
                seen.add("set")
                if step is REMOVED:   # its object has it again, by a controller, and the row as well
                    seen.add("rewritten")
                self.column_values[column.name] = value
            elif step is REMOVED and "set" in seen:
                seen.add("cleared")

    def count_values(self, column: IndexedColumn) -> int:
        """Return how many values but its zero the column may hold, 2 for any number more than that."""
        if column.type is ColumnType.BOOLEAN:
            return 1
        leaves = (leaf for filler in self.fillers.values() for leaf in filler.leaves if leaf.path == column.path)
        leaf = next(leaves, None)
        return min(2, len(leaf.choices)) if leaf is not None and leaf.choices else 2

    @property
    def compared(self) -> set[str]:
        """The leaves that were compared in MySQL: that are there as they were set, or otherwise."""
        different = {leaf for leaf, (reason, _) in self.reasons.items() if reason is Reason.DIFFERENT}
        return (self.proven | different) & set(self.leaves)

    def explain(self, leaf: str) -> tuple[Reason, str] | None:
        """Return why the leaf did not reach MySQL, None where it did."""
        if leaf in self.proven:
            return None
        return self.left_out.get(leaf) or self.reasons.get(leaf) or (Reason.UNTRIED, self.ended)

    def count(self, reason: Reason) -> int:
        """Return how many leaves were left out for that reason."""
        return sum(each is reason for each, _ in self.left_out.values())

    def describe(self) -> Mapping[str, str]:
        """Return how many leaves there are, were set and were compared."""
        leaves = self.leaves
        tried, compared = len(self.tried & set(leaves)), len(self.compared)
        return {
            "leaves": str(len(leaves)),
            "set": str(tried),
            "compared in MySQL": str(compared),
            "share": f"{100 * compared / len(leaves):.0f} %" if leaves else "-",
        }

    def describe_unproven(self) -> Mapping[str, str]:
        """Return which leaves did not reach MySQL, by reason, each with the words for it."""
        lines: dict[str, list[str]] = {}
        for (reason, words), leaves in self._list_unproven().items():
            said = f" ({' '.join(words.split())[:300]})" if words else ""
            lines.setdefault(str(reason), []).append(f"{', '.join(leaves)}{said}")
        return {reason: "\n".join(each) for reason, each in lines.items()}

    def _list_unproven(self) -> dict[tuple[Reason, str], list[str]]:
        """Return the leaves that did not reach MySQL, by reason and words."""
        found: dict[tuple[Reason, str], list[str]] = {}
        for leaf in self.leaves:
            if reason := self.explain(leaf):
                words = "" if reason[0] is Reason.DIFFERENT else reason[1]
                found.setdefault((reason[0], words), []).append(leaf)
        return found
