"""The command `audit`: does MySQL equal Kubernetes right now? It reads a live system, and changes nothing.

Exit codes: 0 equal, or late only; 1 findings; 2 something could not be told, or it was interrupted; 4 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import itertools
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.audit.audit import Audit, AuditSettings
from harness.audit.classification import Compare
from harness.audit.output.console import describe_round, print_result
from harness.audit.output.publish import publish
from harness.audit.reading import Reader, Scope
from harness.audit.result import FINDINGS, merge_results, read_result
from harness.audit.throttle import Throttle
from harness.audit.workers import Source, Workers, count_workers, open_workers
from harness.cli.options import (
    AUDIT_OPTIONS,
    EXISTING,
    LOCAL,
    OPTIONS,
    PROFILE_OF_BINARY,
    PROGRAM,
    Shard,
    add_to_parser,
    read_value,
)
from harness.clients.kube import Cluster
from harness.clients.mysql.ranges import TableRanges
from harness.clients.pods import Pods
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.polling import SYSTEM_CLOCK
from harness.core.progress import SILENT, Progress
from harness.core.settings import MySQLEndpoint
from harness.provision.checkout.evidence import choose_profile
from harness.provision.checkout.reading import read_files
from harness.report.console import ConsoleProgress, make_console
from harness.sandbox.existing.context import choose_context
from harness.sandbox.existing.options import Access, read_access
from harness.sandbox.existing.reading import read_cluster
from harness.sandbox.existing.sandbox import explain_refusal, log_in, open_forward
from harness.sandbox.ports import LOOPBACK
from harness.spec.contract import Contract
from harness.spec.equality import compare_row
from harness.spec.features import Fact
from harness.spec.model import Kind
from harness.spec.profiles import load_profile
from harness.spec.versions import NOT_TESTED, make_contract


@dataclass(frozen=True)
class Place:
    """What is audited: the cluster, its MySQL, and the profile that it is known to have, '' where none is."""

    access: Access
    kubeconfig: Path
    cluster: Cluster
    mysql: MySQLEndpoint
    profile: str

    @property
    def label(self) -> str:
        """The cluster in a few words."""
        return f"context {self.access.context.name}, {self.access.context.server}"


@dataclass(frozen=True)
class Crew:
    """How many processes scan, and those that do so beside this one, if any."""

    number: int
    workers: Workers | None


ALONE = Crew(1, None)


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `audit`."""
    add_to_parser(parser, AUDIT_OPTIONS)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    output = Path(options.output).expanduser().absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--output: {options.output!r} can't be made: {error.strerror}") from error
    if options.merge:
        return _merge([Path(word).expanduser() for word in options.merge], output)
    pause_s = read_value(options, "watch")
    if pause_s is not None and options.resume:
        raise SettingsError("--watch and --resume exclude each other", hint="Each round begins anew")
    number = count_workers(read_value(options, "jobs"))
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        with open_workers(number) as workers, open_place(options) as place:
            crew = Crew(number, workers)
            if pause_s is None:
                return _audit(options, place, output, crew)
            return _watch(options, place, output, pause_s, crew)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _audit(options: argparse.Namespace, place: Place, output: Path, crew: Crew) -> int:
    progress = ConsoleProgress(make_console())
    with make_audit(options, place, output, progress, crew) as audit:
        try:
            audit.run()
        except KeyboardInterrupt:
            pass   # which the result says
        finally:
            progress.close()
        page = publish(audit.result, output)
    print_result(audit.result, make_console(sys.stdout), page)
    return audit.result.exit_code


def _watch(options: argparse.Namespace, place: Place, output: Path, pause_s: float, crew: Crew) -> int:
    """Audit round after round until Ctrl-C; return the exit code of the last whole one."""
    exit_code = 2
    with contextlib.suppress(KeyboardInterrupt):
        for number in itertools.count(1):
            try:
                with make_audit(options, place, output, SILENT, crew) as audit:
                    audit.run()
            except SettingsError:
                raise
            except HarnessError as error:   # MySQL is away, say: the next round may find it again
                print(f"round {number}: not made: {error.problem}", flush=True)
                exit_code = 2
            else:
                publish(audit.result, output)
                print(describe_round(number, audit.result), flush=True)
                exit_code = audit.result.exit_code
            SYSTEM_CLOCK.sleep(pause_s)
    return exit_code


def _merge(folders: Sequence[Path], output: Path) -> int:
    if output in (folder.absolute() for folder in folders):
        raise SettingsError(
            f"--output: {str(output)!r} is among the results to merge", hint="Name another folder for all of them"
        )
    result = merge_results([read_result(folder) for folder in folders])
    with (output / FINDINGS).open("w", encoding="utf-8") as merged:
        for folder in folders:
            try:
                merged.write((folder / FINDINGS).read_text(encoding="utf-8"))
            except OSError as error:
                raise HarnessError(f"--merge: {folder / FINDINGS} can't be read: {error.strerror}") from error
    print_result(result, make_console(sys.stdout), publish(result, output))
    return result.exit_code


@contextlib.contextmanager
def open_place(options: argparse.Namespace) -> Iterator[Place]:
    """Yield what the options point at: a cluster, by its context, or the sandbox that is kept on this machine."""
    access, profile = read_whereabouts(options)
    with contextlib.ExitStack() as stack:
        kubeconfig = stack.enter_context(log_in(access.context))
        cluster = Cluster(kubeconfig)
        try:
            cluster.get_server_version()
        except Refusal as refusal:
            raise explain_refusal(access.context, refusal) from refusal
        mysql = access.mysql
        if access.forward is not None:
            forward = open_forward(Pods(kubeconfig), access.forward)
            stack.callback(forward.close)
            mysql = dataclasses.replace(mysql, host=LOOPBACK, port=forward.port)
        yield Place(access, kubeconfig, cluster, mysql, profile)


def read_whereabouts(options: argparse.Namespace) -> tuple[Access, str]:
    """Return how the system is reached, and the profile that it is known to have, '' where none is."""
    backend = read_value(options, "sandbox")
    if options.context is not None or backend == EXISTING:
        return read_access(options), ""
    if backend != LOCAL:
        raise SettingsError(
            f"--sandbox: {backend!r} is audited as a cluster that exists", hint="Give its --context"
        )
    for name in ("mysql_url", "mysql_port_forward", "kubeconfig"):
        if getattr(options, name):
            raise SettingsError(
                f"{OPTIONS[name].name}: the sandbox that is kept on this machine has its own",
                hint="Name a cluster with --context, or leave it out",
            )
    from harness.cli.sandbox import choose_sandbox  # noqa: PLC0415  most audits are of a cluster
    from harness.sandbox.local.wire.folder import CONTEXT_NAME  # noqa: PLC0415
    from harness.sandbox.local.wire.plan import read_plan  # noqa: PLC0415

    folder, state = choose_sandbox()
    if state.mysql is None:
        raise HarnessError(f"the sandbox {folder.name} is not up yet", hint=f"See: {PROGRAM} sandbox status")
    command = read_plan(folder).controllermgr.command
    profile = command[command.index("--profile") + 1] if "--profile" in command else ""
    return Access(choose_context([folder.kubeconfig], CONTEXT_NAME), state.mysql, None), profile


@contextlib.contextmanager
def make_audit(
    options: argparse.Namespace, place: Place, output: Path, progress: Progress, crew: Crew = ALONE
) -> Iterator[Audit]:
    """Yield the audit that the options ask for, with its connection to MySQL."""
    tables = TableRanges(place.mysql)
    with contextlib.closing(tables):
        contract, source = read_contract(options, place, progress)
        kinds, notes = choose_kinds(options, contract)
        scope = Scope(options.namespace or "", options.selector or "", read_value(options, "sample"))
        rate: float | None = read_value(options, "rate")
        reader = Reader(place.cluster, tables, scope, Throttle(rate))
        side_by_side = Source(place.kubeconfig, place.mysql, scope, None if rate is None else rate / crew.number)
        shard: Shard | None = read_value(options, "shard")
        settings = AuditSettings(
            output,
            scope={
                "place": place.label,
                "database": _describe_database(place.access),
                "contract": source,
                "kinds": [kind.name for kind in kinds],
                "namespace": scope.namespace,
                "selector": scope.selector,
                "sample": scope.sample,
                "values": options.show_values,
                "proto": options.decode_proto,
            },
            compare=choose_comparison(contract, decode=options.decode_proto),
            grace_s=read_value(options, "grace"),
            stuck_after_s=read_value(options, "stuck_after"),
            show_values=options.show_values,
            resume=options.resume,
        )
        audit = Audit(settings, reader, contract, kinds, progress, workers=crew.workers, source=side_by_side)
        audit.result.kubectl = place.access.context.kubectl
        audit.result.facts = {
            "Kubernetes": place.label,
            "MySQL": f"{_describe_database(place.access)}, {tables.get_server_version()}",
            "contract": source,
            **{name: value for name, value in _describe_lives(contract) if value},
            "namespace": scope.namespace or "all",
            **({"selector": f"{scope.selector}; not looked for: {scope.unread}"} if scope.selector else {}),
            "content": "all of it" if scope.sample >= 1 else f"compared of a sample of {scope.sample:.2%}",
            "proto": "decoded" if options.decode_proto else "by the texts that identify the object",
            "grace": f"{settings.grace_s:g} s",
            **({"shard": str(shard)} if shard else {}),
            **notes,
        }
        yield audit


def read_contract(options: argparse.Namespace, place: Place, progress: Progress) -> tuple[Contract, str]:
    """Return the contract of the version, and where it was read: where nothing is given, in the system itself."""
    read = read_files(read_value(options, "crds"), read_value(options, "schema"))
    if options.michelangelo:
        if read is not None:
            raise SettingsError(
                "--michelangelo excludes --crds and --schema", hint="The checkout has both: leave them out"
            )
        from harness.provision.checkout.preparation import examine_checkout  # noqa: PLC0415  few audits need it

        checkout = examine_checkout(options.michelangelo, progress)
        read, choice, source = checkout.read, checkout.choice, checkout.checkout.label
    else:
        source = "the files that were given" if read is not None else "discovery and information_schema"
        read = read or read_cluster(place.access)
        choice = choose_profile(read, usual=PROFILE_OF_BINARY)
    profile = load_profile(options.profile or place.profile or choice.profile)
    contract = make_contract(profile, read, read_value(options, "feature"))
    if not contract.kinds:
        raise HarnessError(
            "there is nothing to audit: the API server serves no kind of the contract",
            hint="Is it the right cluster? Michelangelo's API server installs the CRDs",
        )
    return contract, f"{source}; profile {profile.name}"


def choose_kinds(options: argparse.Namespace, contract: Contract) -> tuple[list[Kind], dict[str, str]]:
    """Return the kinds that are audited, and what is to be said of the others, by name."""
    kinds = [case.kind for case in contract.select(read_value(options, "crd"))]
    shard: Shard | None = read_value(options, "shard")
    if shard is not None:
        kinds = shard.choose(kinds)
    left_out = [fact for fact in contract.facts if _is_left_out(fact)]
    return kinds, {f"not audited: {fact.name}": fact.value.removeprefix(f"{NOT_TESTED}: ") for fact in left_out}


def choose_comparison(contract: Contract, *, decode: bool) -> Compare:
    """Return what compares a row with its object; to `decode` the proto column needs a checkout, or the extra."""
    if not decode:
        return compare_row
    from harness.clients.michelangelo.classes import find_classes  # noqa: PLC0415
    from harness.clients.michelangelo.comparison import compare_row_and_proto  # noqa: PLC0415  few audits need it

    try:
        find_classes(contract.descriptors)
    except HarnessError as error:
        raise SettingsError(f"--decode-proto: {error}") from error
    return functools.partial(compare_row_and_proto, contract.descriptors)


def _is_left_out(fact: Fact) -> bool:
    return fact.value.startswith(NOT_TESTED)


def _describe_lives(contract: Contract) -> Iterator[tuple[str, str]]:
    yield "immutable kinds", ", ".join(sorted(contract.immutable_kinds))
    yield "retained kinds", ", ".join(sorted(contract.retained_kinds))


def _describe_database(access: Access) -> str:
    mysql = access.mysql
    return f"{mysql.user}@{access.forward or f'{mysql.host}:{mysql.port}'}/{mysql.database}"
