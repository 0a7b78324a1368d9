"""What the components take: processor time and memory of each process, by the operating system."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from harness.sandbox.base import ComponentStatus


@dataclass(frozen=True)
class Usage:
    """A process at one moment: seconds of processor time since its start, and bytes of memory."""

    cpu_s: float
    memory: int


@dataclass(frozen=True)
class Look:
    """All processes at one moment, in seconds after the beginning; by name."""

    at_s: float
    usages: dict[str, Usage]


def look(components: Iterable[ComponentStatus], others: dict[str, list[int]]) -> dict[str, Usage]:
    """Return what each running component takes, and the processes of `others` by a common name, together."""
    pids = {each.name: [each.pid] for each in components if each.pid is not None}
    found = {}
    for name, group in {**pids, **others}.items():
        usages = [usage for pid in group if (usage := _read(pid)) is not None]
        if usages:
            found[name] = Usage(sum(each.cpu_s for each in usages), sum(each.memory for each in usages))
    return found


def _read(pid: int, open_process: Callable[[int], psutil.Process] = psutil.Process) -> Usage | None:
    with suppress(psutil.Error):
        process = open_process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return Usage(times.user + times.system, process.memory_info().rss)
    return None
