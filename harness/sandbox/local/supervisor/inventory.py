"""What a sandbox consists of, as far as its plan says before anything runs."""

from __future__ import annotations

import dataclasses
import shlex

from harness.provision.assets.mysqld import MySQLServerFiles
from harness.sandbox.base import APISERVER, CONTROLLERMGR, ETCD, FAULT_PROXY, KUBE_APISERVER, MYSQL, SCHEMA_INIT
from harness.sandbox.local.wire.plan import Plan
from harness.sandbox.local.wire.state import StateFile


def describe_components(plan: Plan, state: StateFile) -> None:
    """Publish all components in their starting order, with what is known before they run."""
    mysql = {"path": f"external: {plan.mysql.host}:{plan.mysql.port}"} if plan.mysql else {}
    state.state.mysql_client = _spell_client(plan.mysql_server)
    if (files := plan.mysql_server) is not None:
        version = f"{files.version} ({files.flavor})"
        mysql = {"version": version, "path": str(files.server), "sha256": files.sha256}
    known = {
        ETCD: dataclasses.asdict(plan.etcd),
        KUBE_APISERVER: dataclasses.asdict(plan.kube_apiserver),
        MYSQL: mysql,
        SCHEMA_INIT: {"path": plan.schema_source},
        **({APISERVER: dataclasses.asdict(plan.apiserver)} if plan.apiserver else {}),
        **({FAULT_PROXY: dataclasses.asdict(plan.fault_proxy)} if plan.fault_proxy else {}),
        CONTROLLERMGR: dataclasses.asdict(plan.controllermgr.executable),
    }
    for name, values in known.items():
        state.set_component(name, **values)


def _spell_client(files: MySQLServerFiles | None) -> str:
    """Return MySQL's command line client as a shell takes it."""
    if files is None or files.client is None:
        return "mysql"
    words = [shlex.quote(str(files.client))]
    if files.library_path:
        words.insert(0, f"LD_LIBRARY_PATH={shlex.quote(files.library_path)}")
    return " ".join(words)
