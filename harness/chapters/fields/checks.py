"""Chapter 9, check by check: each is a step of the objects' lives, and what it has brought for one kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.chapters.fields.course import Course, Reason
from harness.chapters.fields.plan import DRAWN, FULL, LAST, MIXED, REMOVED, STATES, STATUS, Step
from harness.chapters.fields.steps import Fields
from harness.chapters.fields.writer import GONE
from harness.core.outcomes import NotApplicable
from harness.spec.model import Case
from harness.suite.recorder import Recorder

COLUMN_UNPROVEN = "column.unproven"   # no object could set, change or clear an indexed column
NOTHING_SET = "fields.none"           # no leaf of a kind reached MySQL

Check = Callable[[Fields, Case, Recorder], None]
_ALL = ("set", "changed", "cleared")
_EXCUSES = (Reason.REFUSED, Reason.PRUNED, Reason.REWRITTEN, Reason.UNMADE)


def check_step(step: Step, problem: str) -> Check:
    """Return the check that carries the step out."""

    def check(fields: Fields, case: Case, recorder: Recorder) -> None:
        fields.require(case)
        _require_stay(fields, case, step)
        course = fields.get_course(case)
        if step is STATUS and not any(leaf.startswith("status.") for leaf in course.leaves):
            raise NotApplicable("the status of the kind has no fields")
        _take(fields, case, (step,), recorder, problem)

    return check


def check_apart(fields: Fields, case: Case, recorder: Recorder) -> None:
    """9.6: fields that may be undecodable reach MySQL: beside no others, and those of Kubernetes' own types."""
    fields.require(case)
    _require_stay(fields, case, LAST)
    course = fields.get_course(case)
    fields.carry_out(LAST)
    if not course.apart:
        raise NotApplicable("the kind has no such fields")
    _take(fields, case, (MIXED, LAST), recorder, "an object with such messages does not reach MySQL whole")


def check_drawn(fields: Fields, case: Case, recorder: Recorder) -> None:
    """9.8: random objects of fields that have reached MySQL in full ones have rows that equal them."""
    fields.require(case)
    _take(fields, case, (DRAWN,), recorder, "an object with a few of its fields does not reach MySQL whole")


def check_states(fields: Fields, case: Case, recorder: Recorder) -> None:
    """9.9: the row of one object follows it through all of its states, up to its end."""
    fields.require(case)
    _take(fields, case, (STATES,), recorder, "the row does not follow an object through its states")


def _take(fields: Fields, case: Case, steps: Sequence[Step], recorder: Recorder, problem: str) -> None:
    course = fields.get_course(case)
    recorder.problem = f"{case.name}: {problem}"
    recorder.look_at = "the evidence of this check: which fields, and the Ingester's own words"
    try:
        for step in steps:
            recorder.take(fields.get(step, case))
    finally:
        recorder.facts |= course.describe()
        recorder.facts["objects"] = str(course.objects)
        _describe(course, recorder)


def check_columns(fields: Fields, case: Case, recorder: Recorder) -> None:
    """9.5: every indexed column was seen with a value, with another one, and without."""
    fields.require(case)
    columns = case.kind.columns
    if not columns:
        raise NotApplicable("the kind has no indexed column")
    course = fields.get_course(case)
    may_change = not fields.context.is_immutable(case)
    fields.carry_out(REMOVED)
    recorder.problem = f"{case.name}: indexed columns were not seen in all their states"
    recorder.look_at = "9.1 to 9.4 of this kind, which say what keeps its objects from MySQL"
    for column in columns:
        wanted: tuple[str, ...] = _ALL if may_change else _ALL[:1]
        if may_change and course.count_values(column) < 2:
            wanted = ("set", "cleared")   # what it is changed to can only be its zero
        seen = course.columns.get(column.name, set())
        said = ", ".join(word for word in wanted if word in seen) or "never set"
        missing = [word for word in wanted if word not in seen]
        if column.path.startswith("metadata."):
            recorder.facts[column.name] = "not judged: no row is written of an object that is being deleted"
        elif missing == ["cleared"] and "rewritten" in seen:
            recorder.facts[column.name] = f"{said}; {Reason.REWRITTEN}"
        elif missing and (why := _excuse(course, column.path)):
            recorder.facts[column.name] = f"{said}; {why}"
        else:
            recorder.facts[column.name] = said
            if missing:
                where = f"column {column.name} ← {column.path}"
                reason = course.explain(column.path)
                why = f"; {reason[0]}: {reason[1]}" if reason else ""
                recorder.find(COLUMN_UNPROVEN, where, f"{', '.join(wanted)} by an object", f"{said}{why}")


def check_whole(fields: Fields, _: None, recorder: Recorder) -> None:
    """9.7: how many leaves of all kinds reached MySQL; of each kind that could be tried some must have."""
    fields.carry_out(LAST)
    courses = list(fields.courses.values())
    if not courses:
        raise NotApplicable("no kind of this run could be tried")
    recorder.problem = "some kinds were not tried field by field"
    total = compared = undecodable = 0
    for course in courses:
        leaves = course.leaves
        own = len(course.compared)
        total, compared = total + len(leaves), compared + own
        undecodable += course.count(Reason.UNDECODABLE)
        recorder.facts[course.case.name] = f"{own} of {len(leaves)}"
        if leaves and not own:
            why = course.ended or "see 9.1"
            recorder.find(NOTHING_SET, course.case.name, f"some of {len(leaves)} leaves in MySQL", f"none: {why}")
    said = f"{compared:,} of {total:,} leaves ({_share(compared, total)}) were compared in MySQL"
    if undecodable:
        share = _share(compared, total - undecodable)
        said += f"; {share} but for {undecodable:,} that no object can have which the Ingester decodes"
    recorder.detail = recorder.facts["all kinds"] = said
    for course in courses:
        for reason, text in course.describe_unproven().items():
            recorder.note(f"{course.case.name}, not compared: {reason}", text)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _require_stay(fields: Fields, case: Case, step: Step) -> None:
    if step is not FULL and fields.context.is_immutable(case):
        raise NotApplicable("immutable kind: the object leaves Kubernetes once it is in MySQL")


def _describe(course: Course, recorder: Recorder) -> None:
    if course.alternatives:
        recorder.note("alternatives, of which an object has one only: set apart", "\n".join(course.alternatives))
    if course.forms:
        learnt = "\n".join(f"{leaf}: {form}" for leaf, form in course.forms.items())
        recorder.note("formats that the schema does not tell, learnt from an error", learnt)
    for reason, text in course.describe_unproven().items():
        recorder.note(f"so far not compared: {reason}", text)


def _excuse(course: Course, leaf: str) -> str:
    """Return why it is nobody's fault that the leaf was not tried, '' where it is somebody's."""
    if course.ended.startswith(GONE):
        return course.ended
    if leaf in course.proven:
        rewritten = course.reasons.get(leaf)
        return str(rewritten[0]) if rewritten and rewritten[0] in _EXCUSES else ""
    reason = course.explain(leaf)
    return f"{reason[0]}: {reason[1]}" if reason and reason[0] in _EXCUSES else ""
