"""The settings of a sandbox in a cluster that exists; `harness.cli.options` declares the options for them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SettingsError
from harness.core.settings import MySQLEndpoint, parse_mysql_url
from harness.sandbox.existing.context import (
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


@dataclass(frozen=True)
class Access:
    """How a cluster and its MySQL are reached: `mysql` is where that is, or with `forward` how to log in there."""

    context: Context
    mysql: MySQLEndpoint
    forward: ServicePort | None


@dataclass(frozen=True)
class ExistingSettings(Access):
    """Which cluster is tested, and where its parts are.

    `pod_is_given` says that the user named the controller manager's pod, so that it must be there; else it may run
    outside of the cluster.
    """

    pod: PodName
    pod_is_given: bool
    log: Path | None


def read_access(options: argparse.Namespace) -> Access:
    """Return how the cluster that the options name is reached; SettingsError names the option that is wrong."""
    context = choose_context(find_kubeconfig(options.kubeconfig), options.context)
    if not options.mysql_url and not options.mysql_port_forward:
        raise SettingsError(
            f"{URL_OPTION} or {FORWARD_OPTION}: where the cluster's MySQL is must be said",
            hint=f"Such as {URL_OPTION} mysql://USER@HOST:3306/michelangelo, or {FORWARD_OPTION} mysql.default",
        )
    forward = options.mysql_port_forward
    return Access(
        context=context,
        mysql=parse_mysql_url(options.mysql_url or DEFAULT_URL),
        forward=read_service_port(forward, context.namespace) if forward else None,
    )


def read_existing_settings(options: argparse.Namespace, *, guarded: bool = True) -> ExistingSettings:
    """Return the cluster that the options name; SettingsError names the option that is wrong.

    One that looks like production needs consent; it is not `guarded` where nothing is made in it.
    """
    if guarded:
        refuse_production(
            choose_context(find_kubeconfig(options.kubeconfig), options.context), options.yes_this_cluster
        )
    access = read_access(options)
    if options.controllermgr_log and options.controllermgr_pod:
        raise SettingsError(f"{LOG_OPTION} and {POD_OPTION} exclude each other", hint="Give one of them")
    context = access.context
    return ExistingSettings(
        context=context,
        mysql=access.mysql,
        forward=access.forward,
        pod=read_pod_name(options.controllermgr_pod, context.namespace),
        pod_is_given=options.controllermgr_pod is not None,
        log=Path(options.controllermgr_log).expanduser().absolute() if options.controllermgr_log else None,
    )
