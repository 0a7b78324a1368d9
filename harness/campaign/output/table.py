"""What every format shows of a record: the verdict, tables, what failed, and what has no verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.campaign.record import FAILED, OK, Attempt, CampaignRecord, RoundResult
from harness.core.record import Status
from harness.report.formatting import count, format_duration, join_names
from harness.report.plain_table import Table

_WORDS = {OK: ("pass", "ALL PASSED"), FAILED: ("fail", "ROUNDS FAILED")}
_STATUSES = (Status.PASS, Status.KNOWN, Status.FAIL)
_ALL = "all"


@dataclass(frozen=True)
class Row:
    """The rounds of one fault with one version and database, one for each seed."""

    title: str
    results: tuple[RoundResult, ...]


def describe_verdict(record: CampaignRecord) -> tuple[str, str, str]:
    """Return how it ended: a tone, a word, and a sentence."""
    tone, word = _WORDS.get(record.exit_code, ("warn", "NOT ALL TOLD"))
    return tone, word, _make_headline(record)


def _make_headline(record: CampaignRecord) -> str:
    whole = next((str(each.rate) for each in record.rates if not each.group), "")
    parts = [whole if whole else "no round was judged"]
    if left := sum(each.verdict is None for each in record.rounds):
        parts.append(f"{count(left, 'round')} of {len(record.rounds)} without a verdict")
    if record.problem:
        parts.append(record.problem.partition("\n")[0])
    elif record.interrupted:
        parts.append("interrupted")
    return _capitalise("; ".join(parts))


def list_rates(record: CampaignRecord) -> Table | None:
    """Return the rates of failure; None where nothing was judged."""
    if not record.rates:
        return None
    rows = []
    for each in record.rates:
        name = f"{each.group} {each.name}".strip() or _ALL
        rows.append((name, str(each.rate.failures), str(each.rate.rounds), each.rate.bounds))
    return Table(
        "How often a round fails",
        ("rounds", "failed", "judged", "so the rate is"),
        tuple(rows),
        "With 95 % confidence each; of twenty lines one may be wrong. Rounds of different seeds count as "
        "independent. Where none or all failed, the bound is one-sided.",
        bad=frozenset(number for number, each in enumerate(record.rates) if each.rate.failures),
    )


def list_faults(record: CampaignRecord) -> Table:
    """Return each fault: how often it was planned, judged, and really there, and what came of it."""
    heads = ("fault", "rounds", "judged", "struck", "passed", "known issue", "failed", "not applicable", "in vain")
    rows: list[tuple[str, ...]] = []
    bad: set[int] = set()
    for fault in dict.fromkeys(each.round.fault for each in record.rounds):
        results = [each for each in record.rounds if each.round.fault == fault]
        verdicts = [each.verdict for each in results if each.verdict is not None]
        statuses = Counter(each.status for each in verdicts)
        if statuses[Status.FAIL]:
            bad.add(len(rows))
        rows.append(
            (
                fault,
                str(len(results)),
                str(len(verdicts)),
                str(sum(bool(each.injected) for each in verdicts)),
                *(str(statuses[status]) for status in (*_STATUSES, Status.NOT_APPLICABLE)),
                str(sum(len(each.others) for each in results)),
            )
        )
    hint = (
        "Struck: the round has proven that the fault was there; without that it has no verdict, but where the "
        "sandbox can't have the fault. In vain: attempts without a verdict."
    )
    return Table("Coverage of faults", heads, tuple(rows), hint, bad=frozenset(bad))


def list_subjects(record: CampaignRecord) -> Table:
    """Return each version with each database: what it is, and what came of it."""
    labels = {each.name: each for each in record.versions}
    rows: list[tuple[str, ...]] = []
    bad: set[int] = set()
    for version, database in dict.fromkeys((each.round.version, each.round.database) for each in record.rounds):
        results = [
            each for each in record.rounds if (each.round.version, each.round.database) == (version, database)
        ]
        servers = dict.fromkeys(each.verdict.server for each in results if each.verdict and each.verdict.server)
        known = labels.get(version)
        failed = sum(each.failed for each in results)
        if failed:
            bad.add(len(rows))
        rows.append(
            (
                version,
                known.label if known else "",
                known.profile if known else "",
                f"{database}: {join_names(list(servers))}" if servers else database,
                str(len(results)),
                str(sum(each.counts for each in results)),
                str(failed),
            )
        )
    heads = ("version", "what it is", "profile", "database", "rounds", "judged", "failed")
    return Table("Versions and databases", heads, tuple(rows), bad=frozenset(bad))


def list_failures(record: CampaignRecord) -> list[Attempt]:
    """Return the rounds that failed."""
    return [each.verdict for each in record.rounds if each.failed and each.verdict is not None]


def list_attempts(record: CampaignRecord) -> Table | None:
    """Return the attempts without a verdict; None without any."""
    attempts = [attempt for each in record.rounds for attempt in each.others]
    if not attempts:
        return None
    rows = [
        (
            str(each.round),
            str(each.number),
            "LOST" if each.lost else each.status.label,
            each.detail,
            each.folder or "nothing",
        )
        for each in attempts
    ]
    hint = "None of them says anything of the system under test. A round was tried again, and counts once."
    heads = ("round", "attempt", "ended", "why", "kept in")
    return Table("Attempts without a verdict", heads, tuple(rows), hint, is_text=True)


def list_missing(record: CampaignRecord) -> Table | None:
    """Return how many rounds have no verdict, by the reason; None where all have."""
    reasons = Counter(_give_reason(each) for each in record.rounds if each.verdict is None)
    if not reasons:
        return None
    rows = tuple((reason, str(number)) for reason, number in reasons.most_common())
    return Table("Rounds without a verdict", ("why", "rounds"), rows, f"They are run by {_resume(record)}.")


def _give_reason(result: RoundResult) -> str:
    if result.others and not result.reason:
        last = result.others[-1]
        return f"{'LOST' if last.lost else last.status.label}: {last.detail}"
    return result.reason or "not reached"


def _resume(record: CampaignRecord) -> str:
    return "the same command with --resume" if "--resume" not in record.command else "the same command again"


def list_issues(record: CampaignRecord) -> Table | None:
    """Return the known issues that showed, and in how many rounds; None without any."""
    verdicts = [each.verdict for each in record.rounds if each.verdict is not None]
    issues = Counter(issue for each in verdicts for issue in each.issues)
    if not issues:
        return None
    rows = tuple((issue, str(number)) for issue, number in issues.most_common())
    return Table("Known issues that showed", ("known issue", "rounds"), rows)


def list_rows(record: CampaignRecord) -> list[Row]:
    """Return all rounds, those of one fault, version and database together, in the order of their seeds."""
    several = len({(each.round.version, each.round.database) for each in record.rounds}) > 1
    rows: dict[tuple[str, str, str], list[RoundResult]] = {}
    for each in record.rounds:
        one = each.round
        rows.setdefault((one.fault, one.version, one.database), []).append(each)
    return [
        Row(f"{fault} ({version}, {database})" if several else fault, tuple(_sort(results)))
        for (fault, version, database), results in rows.items()
    ]


def _sort(results: Iterable[RoundResult]) -> list[RoundResult]:
    return sorted(results, key=lambda each: each.round.seed)


def list_facts(record: CampaignRecord) -> Iterator[tuple[str, str]]:
    """Yield what was done, in a few words each."""
    verdicts = [each.verdict for each in record.rounds if each.verdict is not None]
    counts = Counter(each.status for each in verdicts)
    yield "rounds", f"{len(record.rounds)} planned, {len(verdicts)} with a verdict"
    yield "verdicts", ", ".join(f"{counts[status]} {status.label}" for status in counts) or "none"
    if verdicts:
        took = sorted(each.duration_s for each in verdicts)
        usual, longest = format_duration(took[len(took) // 2]), format_duration(took[-1])
        yield "a round took", f"{usual} (median), {longest} at most"
    nodes = Counter(each.node for each in verdicts)
    yield "judged on", ", ".join(f"{node}: {number}" for node, number in nodes.items()) or "none"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def list_tables(record: CampaignRecord) -> Sequence[Table | None]:
    """Return all tables, in their order."""
    return (
        list_rates(record),
        list_faults(record),
        list_subjects(record),
        list_issues(record),
        list_missing(record),
        list_attempts(record),
    )
