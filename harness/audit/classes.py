"""What an object and its row may be to each other: the classes of the audit, what each means, and what to do.

Facts only. The commands are for a person, who may run them after having understood; the audit runs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AuditClass(StrEnum):
    """How an object and its row stand to each other, in the order of the tables."""

    EQUAL = "equal"
    ALONE = "right alone"
    LATE = "late"
    MISSING = "missing"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNKNOWN_VERSION = "unknown version"
    DIFFERS = "differs"
    ORPHAN = "orphan"
    GHOST = "ghost"
    DELETED = "deleted though alive"
    ALIVE = "alive though deleted"
    CHILDREN = "stray child rows"
    STUCK = "stuck"

    @property
    def is_finding(self) -> bool:
        """Whether it says that MySQL is wrong, or that the Ingester does not let go of an object."""
        return self not in RIGHT

    @property
    def slug(self) -> str:
        """The class as one word, for ids and labels of metrics."""
        return self.value.replace(" ", "_")


RIGHT = frozenset({AuditClass.EQUAL, AuditClass.ALONE, AuditClass.LATE})


@dataclass(frozen=True)
class Explanation:
    """What a class means, and commands by which a person looks further or puts it right.

    `{kubectl}`, `{plural}`, `{namespace}`, `{name}`, `{key}`, `{table}` and such stand for the finding's values.
    """

    meaning: str
    commands: tuple[str, ...] = ()


_SHOW_OBJECT = "{kubectl} get {plural}.michelangelo.api {name} -n {namespace} -o yaml --show-managed-fields"
_SHOW_ROW = "SELECT * FROM `{table}` WHERE uid = '{key}';"
_TOUCH = (
    "{kubectl} annotate {plural}.michelangelo.api {name} -n {namespace} --overwrite"
    ' touched-after-audit="$(date -u +%FT%TZ)"   # writes: the Ingester syncs it anew'
)
_SHOW_NAMESAKES = (
    "SELECT uid, res_version, create_time, update_time, delete_time FROM `{table}`"
    " WHERE namespace = '{namespace}' AND name = '{name}';"
)
_RETIRE = (
    "UPDATE `{table}` SET delete_time = UTC_TIMESTAMP() WHERE uid = '{key}' AND delete_time IS NULL;"
    "   -- writes: only once nobody needs it live"
)

EXPLANATIONS: Mapping[AuditClass, Explanation] = {
    AuditClass.EQUAL: Explanation("The row holds the object at its present version."),
    AuditClass.ALONE: Explanation(
        "A row without an object that is right to be alone: soft-deleted, retained, or of an object that left"
        " Kubernetes for MySQL."
    ),
    AuditClass.LATE: Explanation(
        "It differed at the first look and agreed before the grace had passed, or is under way: late, not lost."
    ),
    AuditClass.MISSING: Explanation(
        "The object is in Kubernetes and has no row: whoever asks MySQL does not know of it.",
        (_SHOW_OBJECT, _TOUCH),
    ),
    AuditClass.BEHIND: Explanation(
        "The row stays at an earlier version of the object: what was written since never reached MySQL.",
        (_SHOW_OBJECT, _SHOW_ROW, _TOUCH),
    ),
    AuditClass.AHEAD: Explanation(
        "The row claims a version that is newer than its object: written by somebody else, or etcd was restored"
        " from a backup.",
        (_SHOW_OBJECT, _SHOW_ROW, _TOUCH),
    ),
    AuditClass.UNKNOWN_VERSION: Explanation(
        "The row claims a version that its object never had.", (_SHOW_OBJECT, _SHOW_ROW, _TOUCH)
    ),
    AuditClass.DIFFERS: Explanation(
        "The row claims the object's version and holds something else: a column, a field of json or proto, a label"
        " or an annotation.",
        (_SHOW_OBJECT, _SHOW_ROW, _TOUCH),
    ),
    AuditClass.ORPHAN: Explanation(
        "A live row whose object is no longer in Kubernetes: MySQL shows what does not exist.",
        (_SHOW_OBJECT, _SHOW_ROW, _RETIRE),
    ),
    AuditClass.GHOST: Explanation(
        "A live row whose object is gone, beside another live row of the same name: queries by name find two.",
        (_SHOW_NAMESAKES, _SHOW_ROW, _RETIRE),
    ),
    AuditClass.DELETED: Explanation(
        "The row is soft-deleted, and its object lives: queries of live rows do not find it.",
        (_SHOW_OBJECT, _SHOW_ROW, _TOUCH),
    ),
    AuditClass.ALIVE: Explanation(
        "The row is live, and its object was deleted or is being deleted, and let go of by the Ingester.",
        (_SHOW_OBJECT, _SHOW_ROW, _RETIRE),
    ),
    AuditClass.CHILDREN: Explanation(
        "Rows of labels or annotations that belong to no row, or are there twice.",
        (
            "SELECT * FROM `{labels_table}` WHERE obj_uid = '{key}';",
            "SELECT * FROM `{annotations_table}` WHERE obj_uid = '{key}';",
        ),
    ),
    AuditClass.STUCK: Explanation(
        "The object should have left Kubernetes, and the Ingester does not let go of it.",
        (_SHOW_OBJECT, _SHOW_ROW, "{kubectl} logs deployment/michelangelo-controllermgr | grep {name}"),
    ),
}
"""Each class, in words."""
