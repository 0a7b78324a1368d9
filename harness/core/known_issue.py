"""A known issue: a defect that a version of the product is expected to have, and how to recognise it.

One kind of record for every chapter. Which issues there are is for the chapters to say (`issues.py` of each), or
for a user's own profile; which of them a version has is for its profile (`harness.spec.profiles`).
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from enum import StrEnum

from harness.core.record import Finding


class Action(StrEnum):
    """What the run does once an issue has shown, so that the rest can be judged."""

    NONE = "none"
    DELETE = "delete"        # delete the CR, await the controller manager's recovery
    RECREATE = "recreate"    # create the CR again under the same name


@dataclass(frozen=True)
class KnownIssue:
    """A defect that a profile expects.

    It explains a finding whose `code` it names (a pattern such as `row.*`; empty for any) and whose text all of
    its `wording` matches (regular expressions, searched). It may show in checks of its `sections` and `kinds`
    (none: all kinds). Where it has shown, the sections of `rules_out` have nothing left to check.
    Versions have it whose contract has all of its `features`, each as NAME=VALUE.
    `need_not_show` says why an issue may stay away from a run that looked for it; any other one is then stale.
    """

    id: str
    title: str
    sections: tuple[str, ...]
    impact: str
    workaround: str
    kinds: tuple[str, ...] = ()
    code: str = ""
    wording: tuple[str, ...] = ()
    fix: str = ""
    link: str = ""
    action: Action = Action.NONE
    rules_out: tuple[str, ...] = ()
    need_not_show: str = ""
    features: tuple[str, ...] = ()

    def concerns(self, section: str, kind: str | None) -> bool:
        """Whether the issue may show in the check of that section and kind (None: a check of no kind)."""
        return section in self.sections and (not self.kinds or kind in self.kinds)

    def explains(self, finding: Finding) -> bool:
        """Whether the finding is what the issue says."""
        if self.code and not fnmatch.fnmatchcase(finding.code, self.code):
            return False
        return all(re.search(pattern, str(finding)) for pattern in self.wording)
