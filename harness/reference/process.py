"""The process: command line, configuration, gates, how the parts come together, how they end.

A part is replaced by passing `Parts` to `main`: that is how an ingester with a seeded fault is made.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from harness.core.errors import SettingsError
from harness.reference import business
from harness.reference.api import Api
from harness.reference.config import Config, read_config, read_kubeconfig
from harness.reference.controller import Controller
from harness.reference.errors import ConfigError, Panic, StoreError
from harness.reference.health import serve_health
from harness.reference.informer import Informer
from harness.reference.log import Log, write_stderr
from harness.reference.profile import DEFAULT, Profile, find_profile
from harness.reference.reconciler import Reconciler
from harness.reference.row import RowBuilder
from harness.reference.store import Store
from harness.spec.model import Kind

PANIC_EXIT_CODE = 2
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOP_TIMEOUT_S = 0.5


@dataclass(frozen=True)
class Parts:
    """What the process is made of; `kinds` are those with an ingester, by default the profile's.

    The ingester of a kind that `by_kind` names has informer, controller, reconciler, rows and store from there.
    """

    kinds: tuple[Kind, ...] | None = None
    rows: type[RowBuilder] = RowBuilder
    store: type[Store] = Store
    reconciler: type[Reconciler] = Reconciler
    controller: type[Controller] = Controller
    business: Callable[[Profile, business.Surroundings], list[Controller]] = business.make_controllers
    log: type[Log] = Log
    informer: type[Informer] = Informer
    config: Callable[[Path], Config] = read_config
    by_kind: Mapping[str, Parts] = field(default_factory=dict)

    def get(self, kind: str) -> Parts:
        """Return the parts that the kind's ingester is made of."""
        return self.by_kind.get(kind, self)


def main(argv: Sequence[str] | None = None, *, parts: Parts = Parts()) -> int:
    """Run until SIGTERM or SIGINT; return the exit code: 0, or 1 where the process can't start."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.reference",
        description="An ingester by the contract. Environment: CONFIG_DIR (folder of base.yaml), KUBECONFIG.",
    )
    parser.add_argument("--profile", default=DEFAULT, metavar="NAME|FILE", help="the version to play")
    try:
        profile = find_profile(parser.parse_args(argv).profile)
    except SettingsError as error:
        parser.error(str(error))
    # Blocked, and waited for by the kernel: a Python handler may run too late to end the wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    threading.excepthook = _end_process
    log = parts.log()
    try:
        config = parts.config(Path(os.environ.get("CONFIG_DIR", "config")))
        api = Api(read_kubeconfig(Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()))
        Process(parts, profile, config, api, log).run(lambda: signal.sigwait(_STOP_SIGNALS))
    except (ConfigError, StoreError) as error:
        log.failure("Failed to start", error)
        return 1
    return 0


class Process:
    """The controller manager: every controller of a profile, on shared informers."""

    def __init__(self, parts: Parts, profile: Profile, config: Config, api: Api, log: Log) -> None:
        self._parts = parts
        self._profile = profile
        self._config = config
        self._api = api
        self._log = log
        self._synced: set[str] = set()   # uids of which MySQL holds some version

    def run(self, wait: Callable[[], object]) -> None:
        """Run everything until `wait` returns; ConfigError or StoreError where it can't start."""
        stores = self._open_stores()
        stop = threading.Event()
        all_kinds = self._profile.kinds
        informers = {
            kind.name: self._parts.get(kind.name).informer(kind, self._api, self._log, stop) for kind in all_kinds
        }
        around = business.Surroundings(informers, self._api, self._log, self._synced.__contains__)
        others = self._parts.business(self._profile, around)
        ingesters: list[Controller] = []
        if stores is None:
            self._log.info("Metadata storage not configured, skipping ingester controller setup")
        else:
            self._log.info("Setting up ingester controllers")
            self._log.info("This is the reference: its proto column holds JSON")
            kinds = all_kinds if self._parts.kinds is None else self._parts.kinds
            ingesters += [self._register(informers[kind.name], stores) for kind in kinds]
        health = self._serve_health()
        for informer in informers.values():
            informer.start()
        for controller in ingesters:
            controller.start()
        for controller in others:
            # Once all kinds are known: a process that a SparkJob ends at its start has deleted nothing.
            controller.start(informers.values())
        wait()
        stop.set()
        self._end([*others, *ingesters])
        if health:
            health.server_close()
        for store in (stores or {}).values():
            store.close()

    def _open_stores(self) -> dict[type[Store], Store] | None:
        """Return the stores, None where the first gate is off; an error where the second one is missing."""
        if not self._config.metadata_storage:
            return None
        if self._config.mysql is None:
            raise ConfigError("metadata storage is enabled but mysql config is empty")
        stores = {}
        for parts in (self._parts, *self._parts.by_kind.values()):
            if parts.store not in stores:
                stores[parts.store] = parts.store(self._config.mysql)
                stores[parts.store].ping()
        return stores

    def _register(self, informer: Informer, stores: Mapping[type[Store], Store]) -> Controller:
        kind = informer.kind
        parts = self._parts.get(kind.name)
        behaviour = self._profile.get_behaviour(kind.name, self._config.get_deletion_delay_s(kind.name))
        reconciler = parts.reconciler(
            kind,
            objects=informer,
            api=self._api,
            store=stores[parts.store],
            rows=parts.rows(),
            log=self._log,
            immutable=kind.name in self._profile.immutable_kinds,
            behaviour=behaviour,
            on_synced=lambda obj: self._synced.add(obj["metadata"]["uid"]),
        )
        workers = self._config.get_concurrent_reconciles(kind.name)
        controller = parts.controller(
            f"ingester_{kind.name}", informer, reconciler.reconcile, self._log, workers=max(workers, 1)
        )
        self._log.info(
            "Ingester controller registered successfully",
            kind=kind.name,
            concurrentReconciles=workers,
            requeuePeriod=self._config.get_requeue_period_s(kind.name),
            **({"deletionDelay": behaviour.deletion_delay_s} if self._profile.knows_delays else {}),
        )
        return controller

    def _serve_health(self) -> ThreadingHTTPServer | None:
        address = self._config.health_address
        if address is None:
            return None
        server = serve_health(address)
        self._log.info("starting server", name="health probe", addr=f"{address[0]}:{server.server_address[1]}")
        return server

    def _end(self, controllers: list[Controller]) -> None:
        self._log.info("Stopping and waiting for workers")
        for controller in controllers:
            controller.stop()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for controller in controllers:
            controller.join(max(0.0, deadline - time.monotonic()))


def _end_process(failure: threading.ExceptHookArgs) -> None:
    """End the process over an exception that nobody caught in a thread, as Go does over a panic."""
    error = failure.exc_value
    if isinstance(error, Panic):
        write_stderr(error.trace)
    else:
        write_stderr("".join(traceback.format_exception(error)) if error else str(failure.exc_type))
    os._exit(PANIC_EXIT_CODE)
