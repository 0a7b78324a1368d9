"""One kind's way through the chapter: its schema, its main object, and what is known of its leaves. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.core.record import Finding
from harness.spec.equality import expect_column
from harness.spec.model import Case, ColumnType, IndexedColumn, JsonObject
from harness.spec.row import Row
from harness.spec.schema.leaves import find_suspects
from harness.spec.schema.objects import Filled, Filler, find, join
from harness.spec.schema.published import KindSchema
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

    @property
    def leaves(self) -> list[str]:
        """Every leaf of the kind."""
        return [leaf.path for filler in self.fillers.values() for leaf in filler.leaves]

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

    def leave_out(self, leaves: Iterable[str], reason: Reason, words: str = "") -> None:
        """Set these leaves no more."""
        for leaf in leaves:
            self.left_out.setdefault(leaf, (reason, words))

    def list_main_leaves(self, part: str) -> list[str]:
        """Return the leaves of the part that the main object gets: of alternatives, only the first."""
        apart = {leaf for leaves in self.list_suspects(part).values() for leaf in leaves}
        return [leaf for leaf in self.list_leaves(part) if leaf not in self.alternatives and leaf not in apart]

    def list_suspects(self, part: str) -> dict[str, list[str]]:
        """Return the leaves of the part that are tried apart from all others, by what they look like."""
        filler = self.fillers.get(part)
        return find_suspects(filler.leaves) if filler else {}

    def note(self, filled: Filled, stored: JsonObject, obj: JsonObject, findings: Iterable[Finding]) -> None:
        """Note which leaves reached MySQL; `stored` answered the write, `obj` has the row's version."""
        wrong = [finding.where for finding in findings]
        by_leaf: dict[str, list[tuple[Reason, str]]] = {}
        for place, leaf in filled.leaves.items():
            sent, where = filled.get(place), join(place)
            problems = by_leaf.setdefault(leaf, [])
            if find(stored, place) != sent:
                problems.append((Reason.PRUNED, "the API server did not store it"))
            elif find(obj, place) != sent:
                problems.append((Reason.REWRITTEN, "the object at the row's version has another value"))
            elif any(is_at(where, each) for each in wrong):
                problems.append((Reason.DIFFERENT, where))
        for leaf, problems in by_leaf.items():
            if not problems:
                self.proven.add(leaf)
            else:
                self.reasons[leaf] = problems[0]

    def note_columns(self, row: Row, step: str, findings: Iterable[Finding]) -> None:
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
                if step == "removed":   # its object has it again, by a controller, and the row as well
                    seen.add("rewritten")
                self.column_values[column.name] = value
            elif step == "removed" and "set" in seen:
                seen.add("cleared")

    def count_values(self, column: IndexedColumn) -> int:
        """Return how many values but its zero the column may hold, 2 for any number more than that."""
        if column.type is ColumnType.BOOLEAN:
            return 1
        leaves = (leaf for filler in self.fillers.values() for leaf in filler.leaves if leaf.path == column.path)
        leaf = next(leaves, None)
        return min(2, len(leaf.choices)) if leaf is not None and leaf.choices else 2

    def explain(self, leaf: str) -> tuple[Reason, str] | None:
        """Return why the leaf did not reach MySQL, None where it did."""
        if leaf in self.proven:
            return None
        return self.left_out.get(leaf) or self.reasons.get(leaf) or (Reason.UNTRIED, self.ended)

    def describe(self) -> Mapping[str, str]:
        """Return how many leaves there are, were set and are proven."""
        leaves = self.leaves
        tried, proven = len(self.tried & set(leaves)), len(self.proven & set(leaves))
        return {
            "leaves": str(len(leaves)),
            "set": str(tried),
            "compared in MySQL": str(proven),
            "share": f"{100 * proven / len(leaves):.0f} %" if leaves else "-",
        }

    def list_unproven(self) -> dict[tuple[Reason, str], list[str]]:
        """Return the leaves that did not reach MySQL, by reason and words."""
        found: dict[tuple[Reason, str], list[str]] = {}
        for leaf in self.leaves:
            if reason := self.explain(leaf):
                words = "" if reason[0] is Reason.DIFFERENT else reason[1]
                found.setdefault((reason[0], words), []).append(leaf)
        return found


def is_at(where: str, finding: str) -> bool:
    """Whether a finding is about the place, about something within it, or about a message around it."""
    path = finding.rpartition(", ")[2]
    inside, around = path.startswith((f"{where}.", f"{where}[")), where.startswith((f"{path}.", f"{path}["))
    return path == where or inside or around
