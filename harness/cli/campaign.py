"""The command `campaign`: rounds of faults by the hundred, side by side on Ray, and one record of them all.

Exit codes: 0 every round passed; 1 one failed; 2 not all could be told, or it was interrupted; 4 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import pickle
import platform
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import harness
from harness.campaign.campaign import Campaign, Subject
from harness.campaign.cluster import RayCrew, find_missing
from harness.campaign.journal import Journal, require_new
from harness.campaign.one_round import Order
from harness.campaign.plan import make_rounds
from harness.campaign.record import (
    Attempt,
    CampaignRecord,
    VersionContents,
    choose_exit_code,
    list_rates,
    merge,
)
from harness.campaign.shipping import Files, collect_files, find_servers, pack
from harness.campaign.worker import Task
from harness.chapters.faults.catalogue import FAULTS, find_fault
from harness.cli.options import (
    CAMPAIGN_OPTIONS,
    PROGRAM,
    SOAK_OPTIONS,
    add_to_parser,
    name_version,
    point_at,
    read_run_settings,
    read_value,
    spell_round,
)
from harness.core.errors import HarnessError, SettingsError
from harness.core.interruption import interrupt
from harness.core.moment import get_moment
from harness.core.progress import Progress
from harness.core.settings import REFERENCE
from harness.provision.assets.stage import begin_stage
from harness.report.console import ConsoleProgress, make_console
from harness.suite.session import RunSettings


@dataclass(frozen=True)
class Version:
    """A version under test with a database: the options of its rounds, and what they come to."""

    name: str
    options: argparse.Namespace
    settings: RunSettings
    files: Files
    alone: bool

    def describe(self) -> VersionContents:
        """Return what the record says of it."""
        target = self.settings.target
        return VersionContents(self.name, target.label, target.profile, self.files.digest)

    def spell(self, fault: str, seed: int, outage_s: float) -> str:
        """Return the command that repeats one of its rounds."""
        return spell_round(self.options, None, [fault], seed, outage_s)

    def make_subject(self, timeout_s: float, servers: Sequence[Path], *, shipped: bool) -> Subject:
        """Return what its rounds are run with: where it is shipped, with the servers of a sandbox as well."""
        files = self.files if shipped and self.files.paths else None

        def make_task(attempt: Attempt) -> Task:
            return Task(attempt, pickle.dumps(Order(attempt.round, self.settings)), files, timeout_s)

        entries = [path.name for path in servers] if shipped else []
        return Subject(make_task, entries + ([files.entry] if files else []), self.alone)


_OWN = {option.attribute for option in CAMPAIGN_OPTIONS} - {option.attribute for option in SOAK_OPTIONS}
_OWN |= {"output", "resume"}
"""What says nothing to a round."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `campaign`."""
    parser.epilog = (
        "Exit codes: 0 every round passed, 1 one failed, 2 not all could be told, or interrupted, 4 wrong usage."
    )
    own = parser.add_argument_group("campaign")
    own.add_argument(
        "--output",
        metavar="DIR",
        default="campaign",
        help="folder for the journal, the record and the page (default: %(default)s)",
    )
    own.add_argument(
        "--resume", action="store_true", help="go on with the campaign in that folder: what is judged stays so"
    )
    add_to_parser(parser, CAMPAIGN_OPTIONS)
    declared = {option.attribute for option in CAMPAIGN_OPTIONS}
    hidden = [option for option in SOAK_OPTIONS if option.attribute not in declared]
    parser.set_defaults(run=_run, **{each.attribute: [] if each.is_repeated else each.default for each in hidden})


def _run(options: argparse.Namespace) -> int:
    if missing := find_missing():
        raise SettingsError(f"campaign: {missing}")
    seeds: list[int] = read_value(options, "seeds")
    parallel: int | None = read_value(options, "parallel")
    tries: int = read_value(options, "retries") + 1
    timeout_s: float = read_value(options, "round_timeout")
    outage_s: float | None = read_value(options, "outage")
    faults = list(dict.fromkeys(find_fault(name) for name in options.fault)) or FAULTS
    folder = _prepare_folder(options)
    progress = ConsoleProgress(make_console())
    versions = read_versions(options, progress)
    rounds = make_rounds(
        seeds,
        [(fault.name, fault.outage_s if outage_s is None else outage_s) for fault in faults],
        list(versions),
        lambda version, database, *round_: versions[version, database].spell(*round_),
    )
    described = {version.name: version.describe() for version in versions.values()}
    record = CampaignRecord(
        command=shlex.join([PROGRAM, *sys.argv[1:]]),
        started_at=get_moment(),
        harness_version=harness.__version__,
        versions=list(described.values()),
        databases=list(dict.fromkeys(database for _, database in versions)),
        environment={"Python": platform.python_version(), "operating system": platform.platform()},
    )
    journal = Journal(folder, {each.name: each.digest for each in described.values()}, resume=options.resume)
    address = options.address or ""
    servers = find_servers(progress, mysql=not all(version.alone for version in versions.values()))
    subjects = {
        key: version.make_subject(timeout_s, servers, shipped=bool(address)) for key, version in versions.items()
    }
    here = parallel or os.cpu_count() or 1
    campaign = Campaign(
        rounds, subjects, journal, folder, progress, tries=tries, limit=parallel if address else here
    )
    parcels: dict[str, Mapping[str, Path]] = {path.name: {".": path} for path in servers}
    parcels |= {version.files.entry: version.files.paths for version in versions.values() if version.files.paths}
    _carry_out(campaign, record, lambda: RayCrew(address, here), parcels if address else {}, progress)
    ended_by = record.problem or ("interrupted" if record.interrupted else "")
    record.rounds = merge(rounds, journal.attempts, dict.fromkeys(rounds, ended_by) | campaign.reasons)
    record.rates = list_rates(record.rounds)
    record.started_at = min(filter(None, [record.started_at, *(each.started_at for each in journal.attempts)]))
    record.finished_at = get_moment()
    record.exit_code = choose_exit_code(record)
    from harness.campaign.output.publish import publish  # noqa: PLC0415  after the work

    publish(record, folder, make_console(sys.stdout))
    return record.exit_code


def _prepare_folder(options: argparse.Namespace) -> Path:
    """Return the campaign's folder; SettingsError where it can't be, or has one that is not to be gone on with."""
    folder = Path(options.output).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--output: {options.output!r} can't be made: {error.strerror}") from error
    require_new(folder, resume=options.resume)
    return folder


def read_versions(options: argparse.Namespace, progress: Progress) -> dict[tuple[str, str], Version]:
    """Return each version with each database, by name; a checkout is built. SettingsError names the option."""
    words: dict[str, str] = read_value(options, "version")
    databases: dict[str, str | None] = read_value(options, "database")
    if words and (options.michelangelo or options.controllermgr != REFERENCE):
        raise SettingsError(
            "--version excludes --controllermgr and --michelangelo", hint="Give each of them as a --version"
        )
    words = words or {name_version(word): word for word in [options.michelangelo or options.controllermgr]}
    versions = {}
    for name, word in words.items():
        given = point_at(options, word)
        if given is None:
            raise SettingsError(
                f"--version: {word!r} is no file, no folder and no URL", hint=f"Valid: these, or {REFERENCE}"
            )
        for database, url in databases.items():
            versions[name, database] = _make_version(name, given, url, progress)
    return versions


def _make_version(name: str, options: argparse.Namespace, url: str | None, progress: Progress) -> Version:
    kept = {key: value for key, value in vars(options).items() if key not in _OWN}
    given = argparse.Namespace(**{**kept, "mysql_url": url})
    settings = read_run_settings(given, progress)
    target = settings.target
    target.make_contract().select(settings.words)   # whether there are such kinds
    files = collect_files(settings, harness.__version__)
    label = target.label or target.sandbox.controllermgr.label
    settings = replace(settings, target=replace(target, label=label), format_soak_command=None)
    return Version(name, given, settings, files, alone=url is not None)


def _carry_out(
    campaign: Campaign,
    record: CampaignRecord,
    open_crew: Callable[[], RayCrew],
    parcels: Mapping[str, Mapping[str, Path]],
    progress: ConsoleProgress,
) -> None:
    """Run what is left to be run; the record says what ended it early. All that was started is ended."""
    if not campaign.has_work:
        return
    previous = signal.getsignal(signal.SIGTERM)
    try:
        with begin_stage(progress, "Ray"):
            crew = open_crew()
        try:
            signal.signal(signal.SIGTERM, interrupt)   # in place of Ray's
            record.environment |= crew.describe()
            for entry, paths in parcels.items():
                with begin_stage(progress, f"ship {entry}"):
                    crew.ship(entry, pack(paths))
            campaign.run(crew)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)   # once is enough: now all is ended
            crew.close()
    except KeyboardInterrupt:
        record.interrupted = True
    except HarnessError as error:
        record.problem = str(error)
    finally:
        progress.close()
        signal.signal(signal.SIGTERM, previous)
