"""Rounds and attempts to test with."""

from __future__ import annotations

from harness.campaign.plan import Round, make_rounds
from harness.campaign.rates import Rate
from harness.campaign.record import (
    Attempt,
    CampaignRecord,
    NamedRate,
    VersionContents,
    choose_exit_code,
    merge,
)
from harness.core.record import Status

VERSIONS = {"good": "aa", "lossy": "bb"}


def spell(version: str, _: str, fault: str, seed: int, outage_s: float) -> str:
    """Return a command."""
    return f"soak {version} --fault {fault} --seed {seed} --outage {outage_s:g}"


def make_plan(seeds: int = 2, versions: tuple[str, ...] = ("good",)) -> list[Round]:
    """Return the rounds of two faults."""
    faults = [("mysql-kill", 1.5), ("etcd-stop", 2.0)]
    return make_rounds(range(1, seeds + 1), faults, [(version, "own") for version in versions], spell)


def judge(one: Round, status: Status = Status.PASS, *, number: int = 1) -> Attempt:
    """Return an attempt that ended so."""
    failed = status is Status.FAIL
    return Attempt(
        one,
        number,
        status,
        detail={Status.FAIL: "<b>lost</b> much", Status.INVALID: "the load was not there"}.get(status, ""),
        started_at="2026-11-26T03:00:00+00:00",
        duration_s=21.5,
        node="here (1234)",
        system=one.version,
        server="10.11 (mariadb)",
        injected="killed by SIGKILL" if status is not Status.INVALID else "",
        found=7 if failed else 0,
        findings=["a row: expected live, got none"] if failed else [],
        folder=f"rounds/{one.folder}" if failed else "",
    )


def make_record() -> CampaignRecord:
    """Return a record of a campaign in which everything happens."""
    plan = make_plan(3, ("good", "lossy"))
    attempts = [judge(one, Status.FAIL if one.version == "lossy" else Status.PASS) for one in plan[:9]]
    attempts += [
        Attempt(plan[9], 1, lost=True, detail="lost: its node died"),
        judge(plan[9], Status.KNOWN, number=2),
        Attempt(plan[10], 1, Status.INVALID, detail="the load was not there"),
    ]
    record = CampaignRecord(
        command="ingester-acceptance campaign --seeds 1-3",
        started_at="2026-11-26T03:00:00+00:00",
        finished_at="2026-11-26T03:30:00+00:00",
        harness_version="0.1.0",
        versions=[VersionContents(name, f"the {name} one", "none", key) for name, key in VERSIONS.items()],
        databases=["own"],
        environment={"Ray": "2.60.0"},
        rounds=merge(plan, attempts, dict.fromkeys(plan, "interrupted")),
        rates=[
            NamedRate("", "", Rate(4, 10, 0.1215, 0.7376)),
            NamedRate("version", "good", Rate(0, 5, 0.0, 0.451)),
        ],
        interrupted=True,
    )
    record.exit_code = choose_exit_code(record)
    return record
