"""What the steps through Michelangelo's API server bring: records, beside those of the kubectl path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.clients.kube import Version
from harness.core.errors import Refusal
from harness.core.record import Evidence
from harness.spec.model import JsonObject
from harness.spec.row import Row
from harness.subject.steps import Creation


@dataclass
class ApiCreation:
    """A CR that was sent to the API server.

    `creation.answer` is the object that kube-apiserver has at the version that was answered, the truth;
    `answer` is the answer itself, None where it was a refusal; `evidence` tells of its finalizers.
    """

    creation: Creation
    answer: JsonObject | None = None
    evidence: list[Evidence] = field(default_factory=list)


@dataclass
class ApiDeletion:
    """A deletion that was asked for, and all that followed. Times are MySQL's (UTC, whole seconds)."""

    made: ApiCreation
    refusal: Refusal | None
    asked_at: dt.datetime
    looked_at: dt.datetime
    before: Row | None                 # the row just before
    after: Row | None                  # the row at the end
    remaining: JsonObject | None       # the object at the end, None where it is gone
    versions: Sequence[Version]        # of the object since the request, its deletion included
    waited_s: float
    evidence: list[Evidence] = field(default_factory=list)
