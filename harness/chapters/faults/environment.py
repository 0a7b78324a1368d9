"""What a round is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.chapters.faults.backoff import MARGIN_S
from harness.clients.kube import Cluster
from harness.core.record import Finding
from harness.sandbox.base import Sandbox
from harness.spec.model import Kind


@dataclass(frozen=True)
class Environment:
    """Where rounds take place: one sandbox. `open_cluster` makes a connection that never retries."""

    sandbox: Sandbox
    open_cluster: Callable[[], Cluster]
    kinds: Sequence[Kind]
    is_explained: Callable[[Finding], bool]
    margin_s: float = MARGIN_S
