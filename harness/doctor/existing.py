"""Looks at a cluster that exists: whether it answers, what the user may do there, and whether the system is up.

Each look has its own short time limit, and what stands on a failed one is not looked at. Nothing is made in
the cluster or in MySQL.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from harness.clients.access_review import Right, Rights
from harness.clients.kube import Cluster
from harness.clients.mysql import Database, may_delete_rows
from harness.clients.pods import Pods
from harness.core.errors import HarnessError, Refusal
from harness.core.settings import MySQLEndpoint
from harness.doctor.diagnosis import Diagnosis, FindingStatus, from_error
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.sandbox.existing.filelog import open_log
from harness.sandbox.existing.manager import LoggedManager, ManagerView, find_manager
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.role import Need, list_needs
from harness.sandbox.existing.sandbox import explain_refusal, log_in, open_forward
from harness.sandbox.log_coverage import LogCoverage
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import Kind
from harness.spec.read import SetupLines
from harness.subject.log import get_registered_kinds, parse_log

API_SERVER = "API server"
KINDS_SERVED = "kinds"
MYSQL_SERVER = "MySQL"
TABLES = "tables"
CONTROLLER_MANAGER = "controller manager"
GATES = "ingester"

_TIMEOUT_S = 5.0
_MYSQL_TIMEOUT_S = 5
_QUESTIONS_AT_ONCE = 8
_ROLE = "docs/rbac.yaml has the role that grants it"


def examine_existing(settings: ExistingSettings, kinds: Sequence[Kind]) -> list[Diagnosis]:
    """Return what was found of each thing that a run in the cluster needs; raises nothing for what is missing."""
    with ExitStack() as stack:
        kubeconfig = stack.enter_context(log_in(settings.context))
        findings = [_examine_apiserver(settings, kubeconfig)]
        if findings[0].status is FindingStatus.MISSING:
            return findings
        pods = Pods(kubeconfig)
        findings += examine_rights(settings, kinds, kubeconfig)
        findings.append(_examine_kinds(Cluster(kubeconfig), kinds))
        findings += _examine_mysql(settings, kinds, pods, stack)
        findings += _examine_controllermgr(settings, kinds, pods, stack)
        return findings


def examine_rights(settings: ExistingSettings, kinds: Sequence[Kind], kubeconfig: Path) -> list[Diagnosis]:
    """Return a finding for each purpose that rights serve; it names every right that is missing."""
    needs = list_needs(
        kinds,
        pod_namespace=None if settings.log else settings.pod.namespace,
        mysql_namespace=settings.forward.namespace if settings.forward else None,
    )
    rights = Rights(kubeconfig)
    asked = list(dict.fromkeys(right for need in needs for right in need.rights))
    try:
        with ThreadPoolExecutor(_QUESTIONS_AT_ONCE) as pool:
            granted = dict(zip(asked, pool.map(rights.has, asked), strict=True))
    except (Refusal, HarnessError) as error:
        detail = f"the API server does not say what may be done: {error}"
        return [Diagnosis("rights", FindingStatus.MISSING, detail, "Grant create on selfsubjectaccessreviews")]
    return [_describe_need(need, granted, kinds, settings) for need in needs]


def _describe_need(
    need: Need, granted: dict[Right, bool], kinds: Sequence[Kind], settings: ExistingSettings
) -> Diagnosis:
    name = f"rights: {need.purpose}"
    missing = [right for right in need.rights if not granted[right]]
    if not missing:
        return Diagnosis(name, FindingStatus.OK, f"all {len(need.rights)} are granted")
    must = not need.optional or settings.pod_is_given
    status = FindingStatus.MISSING if must else FindingStatus.WARNING
    detail = f"{settings.context.user_name} may not {_join(missing, kinds)}"
    if not must:
        detail += "; checks that need the log are left out, rows alone are the proof"
    return Diagnosis(name, status, detail, _ROLE)


def _join(rights: list[Right], kinds: Sequence[Kind]) -> str:
    """Return rights in words, those with the same verb and place joined."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for right in rights:
        words = str(right).removeprefix(f"{right.verb} ")
        resource, _, place = words.partition(" ")
        grouped.setdefault((right.verb, place), []).append(resource)
    everything = {f"{kind.plural}.michelangelo.api" for kind in kinds}
    parts = []
    for (verb, place), resources in grouped.items():
        named = "*.michelangelo.api" if everything <= set(resources) else ", ".join(resources)
        parts.append(f"{verb} {named} {place}")
    return "; ".join(parts)


def _examine_apiserver(settings: ExistingSettings, kubeconfig: Path) -> Diagnosis:
    context = settings.context
    try:
        version = Cluster(kubeconfig, retries=False).get_server_version(_TIMEOUT_S)
    except Refusal as refusal:
        return from_error(API_SERVER, explain_refusal(context, refusal))
    except HarnessError as error:
        detail = f"{context.server} (context {context.name}) does not answer: {_last_words(error)}"
        way_out = "Does the cluster run, and can it be reached from here (VPN, proxy, port)?"
        return Diagnosis(API_SERVER, FindingStatus.MISSING, detail, way_out)
    detail = f"context {context.name}, cluster {context.cluster_name}, {context.server}, Kubernetes {version}"
    return Diagnosis(API_SERVER, FindingStatus.OK, detail)


def _examine_kinds(cluster: Cluster, kinds: Sequence[Kind]) -> Diagnosis:
    try:
        found = cluster.find_kinds()
    except (Refusal, HarnessError) as error:
        return Diagnosis(KINDS_SERVED, FindingStatus.MISSING, str(error).partition("\n")[0])
    missing = [kind.name for kind in kinds if kind.name not in found]
    if missing:
        detail = f"the API server does not serve {', '.join(missing)} of michelangelo.api/v2"
        way_out = "Install the CRDs: Michelangelo's API server does when it starts"
        return Diagnosis(KINDS_SERVED, FindingStatus.MISSING, detail, way_out)
    return Diagnosis(KINDS_SERVED, FindingStatus.OK, f"all {len(kinds)} are served")


def _examine_mysql(
    settings: ExistingSettings, kinds: Sequence[Kind], pods: Pods, stack: ExitStack
) -> list[Diagnosis]:
    endpoint = settings.mysql
    place = f"{endpoint.user}@{endpoint.host}:{endpoint.port}/{endpoint.database}"
    forward = None
    try:
        if settings.forward is not None:
            forward = open_forward(pods, settings.forward)
            stack.callback(forward.close)
            endpoint = dataclasses.replace(endpoint, host=LOOPBACK, port=forward.port)
            place = f"{endpoint.user}@{settings.forward}/{endpoint.database}, forwarded"
        database = Database(endpoint, timeout_s=_MYSQL_TIMEOUT_S)
    except HarnessError as error:
        if forward is not None and forward.problem:
            return [Diagnosis(MYSQL_SERVER, FindingStatus.MISSING, f"{place}: {forward.problem}", error.hint)]
        return [from_error(MYSQL_SERVER, error)]
    with closing(database):
        encrypted = "with TLS, certificate verified" if _verifies(endpoint) else "its certificate is not verified"
        detail = f"{place}, {database.get_server_version()}, {encrypted}"
        return [Diagnosis(MYSQL_SERVER, FindingStatus.OK, detail), *_examine_tables(database, kinds)]


def _verifies(endpoint: MySQLEndpoint) -> bool:
    return "ssl_ca" in endpoint.tls and "ssl_disabled" not in endpoint.tls


def _examine_tables(database: Database, kinds: Sequence[Kind]) -> list[Diagnosis]:
    try:
        found = database.get_columns()
    except HarnessError as error:
        return [from_error(TABLES, error)]
    expected = [table for kind in kinds for table in kind.tables]
    missing = [table for table in expected if table not in found]
    if missing:
        some = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        detail = f"{len(missing)} of {len(expected)} are not there or may not be read: {some}"
        way_out = f"Run the schema init job on {database.endpoint.database!r}, or grant SELECT on it"
        return [Diagnosis(TABLES, FindingStatus.MISSING, detail, way_out)]
    if may_delete_rows(database.endpoint, expected):
        return [Diagnosis(TABLES, FindingStatus.OK, f"all {len(expected)} are there, and rows may be deleted")]
    detail = f"all {len(expected)} are there; rows may not be deleted, so that those of the run stay"
    way_out = f"GRANT DELETE ON `{database.endpoint.database}`.* TO the account, or run the SQL that is printed"
    return [Diagnosis(TABLES, FindingStatus.WARNING, detail, way_out)]


def _examine_controllermgr(
    settings: ExistingSettings, kinds: Sequence[Kind], pods: Pods, stack: ExitStack
) -> list[Diagnosis]:
    try:
        if settings.log is not None:
            manager: ManagerView = LoggedManager(open_log(settings.log))
        else:
            manager = find_manager(pods, settings.pod, must_exist=settings.pod_is_given)
    except HarnessError as error:
        return [from_error(CONTROLLER_MANAGER, error)]
    stack.callback(manager.close)
    if manager.log_coverage is LogCoverage.NONE:
        detail = f"{manager.log_limit}; checks that need it are left out, rows alone are the proof"
        way_out = f"Name its pod with --controllermgr-pod, or its log with --controllermgr-log ({CONTROLLERMGR})"
        return [Diagnosis(CONTROLLER_MANAGER, FindingStatus.WARNING, detail, way_out)]
    status = manager.get_status()
    place = status.path or str(settings.log or "")
    if status.phase is not Phase.RUNNING:
        detail = f"{status.phase} ({status.reason or 'no reason is given'}), {place}"
        way_out = f"Its last line: {_last_line(manager)}"
        return [Diagnosis(CONTROLLER_MANAGER, FindingStatus.MISSING, detail, way_out)]
    known = f"{status.phase}, {place}" if manager.is_observed else f"log {place}; {status.reason}"
    return [Diagnosis(CONTROLLER_MANAGER, FindingStatus.OK, known), _examine_gates(manager, kinds)]


def _examine_gates(manager: ManagerView, kinds: Sequence[Kind]) -> Diagnosis:
    """Return whether the Ingester is switched on, as far as the log tells."""
    entries, lines = parse_log(manager.read()), SetupLines()
    last_run = max((entry.run for entry in entries), default=0)
    messages = {entry.message for entry in entries if entry.run == last_run}
    if lines.skipped in messages:
        way_out = "Set metadataStorage.enableMetadataStorage to true in its base.yaml, and restart it"
        return Diagnosis(GATES, FindingStatus.MISSING, "it is switched off in the controller manager", way_out)
    if lines.begins in messages:
        count = len(set(get_registered_kinds(entries, last_run, lines)) & {kind.name for kind in kinds})
        status = FindingStatus.OK if count == len(kinds) else FindingStatus.WARNING
        return Diagnosis(GATES, status, f"both gates are on; {count} of {len(kinds)} controllers are registered")
    if manager.log_coverage is LogCoverage.RECENT:
        detail = f"the log does not tell any more: {manager.log_limit}"
        hint = "Restart the controller manager to have it told"
        return Diagnosis(GATES, FindingStatus.NOT_CHECKED, detail, hint)
    detail = f"the log has no line {lines.begins!r}"
    way_out = "Does this build contain the Ingester? Is it still starting?"
    return Diagnosis(GATES, FindingStatus.WARNING, detail, way_out)


def _last_line(manager: ManagerView) -> str:
    lines = [line.text for line in manager.read() if line.text.strip()]
    return lines[-1] if lines else "(it wrote nothing)"


def _last_words(error: HarnessError) -> str:
    """Return the innermost reason of a connection's error, which the library wraps several times."""
    innermost = error.problem.rpartition("Caused by ")[2].rpartition(": ")[2].strip(" )'\"")
    return re.sub(r"\s*\([^)]*$", "", innermost) or error.problem
