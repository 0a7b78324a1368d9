"""What a campaign comes to, as plain data: each attempt at a round, what they are put together to, and rates.

A round counts once, by the first of its attempts that has a verdict. An attempt without one (its worker was lost,
its sandbox did not come up, its fault was not injected) says nothing of the product, and is kept as what it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

from harness.campaign.plan import Round
from harness.campaign.rates import Rate, measure_rate
from harness.core.record import Status

SCHEMA_VERSION = 1
RECORD = "campaign.json"

VERDICTS = (Status.PASS, Status.KNOWN, Status.FAIL, Status.NOT_APPLICABLE)
"""With these a round is through. The others are no verdict."""

OK, FAILED, UNTOLD = 0, 1, 2


@dataclass(frozen=True)
class Attempt:
    """One attempt at a round: where and how long, what was found, and what is kept of it.

    `lost` says that the worker went away with it; `injected` is how the fault was proven, '' where it was not.
    Of all that was `found` the `findings` are some, in words; `folder` is below the campaign's, '' where nothing
    is kept.
    """

    round: Round
    number: int = 1
    status: Status = Status.NOT_RUN
    detail: str = ""
    lost: bool = False
    started_at: str = ""
    duration_s: float = 0.0
    node: str = ""
    system: str = ""
    server: str = ""
    injected: str = ""
    issues: list[str] = field(default_factory=list)
    found: int = 0
    findings: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    folder: str = ""

    @property
    def is_verdict(self) -> bool:
        """Whether the round is through with it."""
        return self.status in VERDICTS


@dataclass
class RoundResult:
    """What became of a round: its verdict, and the attempts that had none; `reason` says why there is neither."""

    round: Round
    verdict: Attempt | None = None
    others: list[Attempt] = field(default_factory=list)
    reason: str = ""

    @property
    def status(self) -> Status:
        """The verdict, else what the last attempt came to; NOT RUN without any."""
        if self.verdict is not None:
            return self.verdict.status
        return self.others[-1].status if self.others else Status.NOT_RUN

    @property
    def counts(self) -> bool:
        """Whether it says something of the product: it has a verdict, and the sandbox knows its fault."""
        return self.verdict is not None and self.verdict.status is not Status.NOT_APPLICABLE

    @property
    def failed(self) -> bool:
        """Whether something was lost."""
        return self.status is Status.FAIL


@dataclass(frozen=True)
class VersionContents:
    """A version under test: what it is, the profile that it was judged by, and a digest of both."""

    name: str
    label: str
    profile: str
    digest: str


@dataclass(frozen=True)
class NamedRate:
    """The rate of the rounds of one version, database or fault; or, with neither, of all."""

    group: str
    name: str
    rate: Rate


@dataclass
class CampaignRecord:
    """All rounds of a campaign."""

    command: str = ""
    started_at: str = ""
    finished_at: str = ""
    harness_version: str = ""
    versions: list[VersionContents] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    rounds: list[RoundResult] = field(default_factory=list)
    rates: list[NamedRate] = field(default_factory=list)
    interrupted: bool = False
    problem: str = ""
    exit_code: int = OK
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def merge(
    rounds: Sequence[Round], attempts: Iterable[Attempt], reasons: dict[Round, str] | None = None
) -> list[RoundResult]:
    """Return what became of each round, of those as well that were tried and are planned no more.

    `reasons` say why rounds have no verdict, where that is known.
    """
    results = {each: RoundResult(each, reason=(reasons or {}).get(each, "")) for each in rounds}
    for attempt in attempts:
        result = results.setdefault(attempt.round, RoundResult(attempt.round))
        if result.verdict is not None:
            continue
        if attempt.is_verdict:
            result.verdict, result.reason = attempt, ""
        else:
            result.others.append(attempt)
    return list(results.values())


def list_rates(results: Sequence[RoundResult]) -> list[NamedRate]:
    """Return the rates of failure: of all that count; then by version, by database and by fault."""
    counted = [each for each in results if each.counts]
    groups: dict[str, Callable[[Round], str]] = {
        "version": lambda each: each.version,
        "database": lambda each: each.database,
        "fault": lambda each: each.fault,
    }
    chosen = [("", "", counted)]
    for group, read in groups.items():
        names = dict.fromkeys(read(each.round) for each in counted)
        if len(names) > 1:
            chosen += [(group, name, [each for each in counted if read(each.round) == name]) for name in names]
    rates = [(group, name, measure_rate(each.failed for each in some)) for group, name, some in chosen]
    return [NamedRate(group, name, rate) for group, name, rate in rates if rate is not None]


def choose_exit_code(record: CampaignRecord) -> int:
    """Return how the command ends: what was lost goes before what could not be told."""
    if any(each.failed for each in record.rounds):
        return FAILED
    if record.interrupted or record.problem or any(each.verdict is None for each in record.rounds):
        return UNTOLD
    return OK if any(each.counts for each in record.rounds) else UNTOLD
