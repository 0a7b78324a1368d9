"""The options of a sandbox in a cluster that exists, and the settings that they are read into."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.errors import SettingsError
from harness.core.settings import MySQLEndpoint, parse_mysql_url
from harness.sandbox.existing.context import (
    CONSENT_OPTION,
    CONTEXT_OPTION,
    KUBECONFIG_OPTION,
    Context,
    choose_context,
    find_kubeconfig,
    refuse_production,
)
from harness.sandbox.existing.filelog import LOG_OPTION
from harness.sandbox.existing.mysqlforward import FORWARD_OPTION, ServicePort, read_service_port
from harness.sandbox.existing.podstatus import POD_OPTION, PodName, read_pod_name

URL_OPTION = "--mysql-url"
DEFAULT_URL = "mysql://root@127.0.0.1:3306/michelangelo"
"""User and database where only a service to forward to is named: those of Michelangelo's own sandbox."""

Add = Callable[..., Any]


@dataclass(frozen=True)
class ExistingSettings:
    """Which cluster is tested, and where its parts are.

    `mysql` is where MySQL is, or with `forward` how to log in there. `pod_is_given` says that the user named
    the controller manager's pod, so that it must be there; else it may run outside of the cluster.
    """

    context: Context
    mysql: MySQLEndpoint
    forward: ServicePort | None
    pod: PodName
    pod_is_given: bool
    log: Path | None


def add_existing_options(add: Add) -> None:
    """Declare the options; `--mysql-url` is declared with those of the local sandbox, and serves both."""
    add(
        CONTEXT_OPTION,
        default=None,
        metavar="NAME",
        help="the kubeconfig's context to test; the current one is never taken silently",
    )
    add(
        KUBECONFIG_OPTION,
        default=None,
        metavar="FILE",
        help="the kubeconfig file (default: KUBECONFIG, else ~/.kube/config)",
    )
    add(
        FORWARD_OPTION,
        default=None,
        metavar="SERVICE[.NAMESPACE][:PORT]",
        help=(
            "reach MySQL through this service of the cluster, by the Kubernetes API; user, database and TLS "
            f"then come from {URL_OPTION} (default: {DEFAULT_URL.replace('127.0.0.1:3306', 'SERVICE')})"
        ),
    )
    add(
        POD_OPTION,
        default=None,
        metavar="[NAMESPACE/]NAME|[NAMESPACE/]LABEL=VALUE",
        help="the controller manager's pod, or its Deployment (default: michelangelo-controllermgr)",
    )
    add(
        LOG_OPTION,
        default=None,
        metavar="FILE|DIR",
        help="its log where it runs outside of the cluster: a file, or the folder of a local sandbox",
    )
    add(
        CONSENT_OPTION,
        default=None,
        metavar="NAME",
        help=f"test a context that looks like production: repeats the name given with {CONTEXT_OPTION}",
    )


def read_existing_settings(options: argparse.Namespace) -> ExistingSettings:
    """Return the cluster that the options name; SettingsError names the option that is wrong."""
    context = choose_context(find_kubeconfig(options.kubeconfig), options.context)
    refuse_production(context, options.yes_this_cluster)
    if not options.mysql_url and not options.mysql_port_forward:
        raise SettingsError(
            f"{URL_OPTION} or {FORWARD_OPTION}: where the cluster's MySQL is must be said",
            hint=f"Such as {URL_OPTION} mysql://USER@HOST:3306/michelangelo, or {FORWARD_OPTION} mysql.default",
        )
    if options.controllermgr_log and options.controllermgr_pod:
        raise SettingsError(f"{LOG_OPTION} and {POD_OPTION} exclude each other", hint="Give one of them")
    forward = options.mysql_port_forward
    return ExistingSettings(
        context=context,
        mysql=parse_mysql_url(options.mysql_url or DEFAULT_URL),
        forward=read_service_port(forward, context.namespace) if forward else None,
        pod=read_pod_name(options.controllermgr_pod, context.namespace),
        pod_is_given=options.controllermgr_pod is not None,
        log=Path(options.controllermgr_log).expanduser().absolute() if options.controllermgr_log else None,
    )
