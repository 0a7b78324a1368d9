"""What the clients of a load send: shapes over time, the mix of writes, names and bodies. Pure, and JSON.

Locust's processes read it, each for itself: no client needs another one to know what to do next, and no two give
the same name.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

NAME = "@name@"
"""Stands in a body for the object's name."""
LABEL = "ingester-acceptance/load"
"""The label that a patch changes."""
OLD_S = 5.0
"""No object is deleted sooner after its creation."""
STEPS = 10
"""A ramp climbs in so many steps, each as long as the others."""

_BURSTS = 3
_QUIET = 0.1         # of the rate, between bursts
_PER_CLIENT = 10.0   # writes a second that one client is asked for
_MOST_CLIENTS = 64
_CLIENTS = 32        # of a load without a rate


class Shape(StrEnum):
    """How the rate of a load goes over time."""

    STEADY = "steady"
    RAMP = "ramp"     # from a tenth of the rate up to it, in steps
    BURST = "burst"   # at the rate for a third of the time, three times, and at a tenth of it in between


class Verb(StrEnum):
    """What a write does."""

    CREATE = "create"
    PATCH = "patch"
    DELETE = "delete"


@dataclass(frozen=True)
class Template:
    """A kind's object as it is created, as JSON with NAME in it.

    One that does not `change` is neither patched nor deleted, one that is not `deleted` is patched alone.
    """

    kind: str
    plural: str
    body: str
    changes: bool = True
    deleted: bool = True


@dataclass(frozen=True)
class LoadPlan:
    """A whole load.

    `path` is that of the namespace below the API server's address. `mix` are the shares of the verbs. Without a
    `rate` (writes a second, of all clients) they send as fast as they are answered. It ends after `duration_s`, or
    with a `limit` once so many objects were asked for.
    """

    path: str
    templates: tuple[Template, ...]
    mix: Mapping[str, float] = field(default_factory=lambda: {Verb.CREATE.value: 1.0})
    shape: Shape = Shape.STEADY
    rate: float | None = None
    duration_s: float = 60.0
    limit: int | None = None
    workers: int = 1
    seed: int = 1

    @property
    def clients(self) -> int:
        """How many clients there are, of all workers: as many as the rate needs."""
        wanted = _CLIENTS if self.rate is None else math.ceil(self.rate / _PER_CLIENT)
        return min(max(wanted, self.workers), _MOST_CLIENTS)

    def get_rate(self, elapsed_s: float) -> float | None:
        """Return the writes a second that all clients together are asked for at that time; None: no end to it."""
        return None if self.rate is None else self.rate * get_share(self.shape, elapsed_s / self.duration_s)

    def get_pause_s(self, elapsed_s: float) -> float:
        """Return how long after its last write a client's next one is due."""
        rate = self.get_rate(elapsed_s)
        return 0.0 if rate is None else self.clients / rate

    def get_quota(self, worker: int) -> int | None:
        """Return how many objects the worker of that index (from 0 on) asks for; None: no end to it."""
        if self.limit is None:
            return None
        return self.limit // self.workers + (worker < self.limit % self.workers)

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LoadPlan:
        """Return the plan that `to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        templates = tuple(Template(**each) for each in data.pop("templates"))
        return cls(templates=templates, shape=Shape(data.pop("shape")), **data)


def get_share(shape: Shape, progress: float) -> float:
    """Return the share of the rate that is due at that part of the duration, from 0 to 1."""
    progress = min(max(progress, 0.0), 1.0 - 1e-9)
    if shape is Shape.RAMP:
        return (math.floor(progress * STEPS) + 1) / STEPS
    if shape is Shape.BURST:
        return 1.0 if progress * _BURSTS % 1.0 < 1 / 3 else _QUIET
    return 1.0


@dataclass(frozen=True)
class Request:
    """One write: what is sent where, and of which object."""

    verb: Verb
    template: int   # its place in the plan
    name: str
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class _Object:
    """An object that a client has made, and when."""

    template: int
    name: str
    made_at: float


class Client:
    """Decides what one client sends. It changes objects of its own alone, of those that it knows to be there.

    It deletes those that have been there for a while: what comes and goes at once has no row in some versions.
    `worker` and `number` are unlike those of any other client.
    """

    def __init__(
        self, plan: LoadPlan, worker: int, number: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._plan = plan
        self._prefix = f"load-{worker}-{number}"
        self._random = random.Random(f"{plan.seed} {self._prefix}")  # noqa: S311  no secret
        self._verbs = [Verb(name) for name in plan.mix]
        self._weights = list(plan.mix.values())
        self._made = 0
        self._changed = 0
        self._live: list[_Object] = []   # those that can be changed, the oldest first

    def choose(self) -> Request:
        """Return the next write; what finds no object to change creates one."""
        verb = self._random.choices(self._verbs, self._weights)[0]
        if verb is Verb.DELETE and (found := self._find_deletable()) is not None:
            old = self._live.pop(found)   # whatever is answered: it is left alone from now on
            return Request(verb, old.template, old.name, "DELETE", self._path_to(old.template, old.name))
        if verb is Verb.PATCH and self._live:
            one = self._random.choice(self._live)
            self._changed += 1
            body = json.dumps({"metadata": {"labels": {LABEL: f"changed-{self._changed}"}}})
            return Request(verb, one.template, one.name, "PATCH", self._path_to(one.template, one.name), body)
        template = self._made % len(self._plan.templates)
        name = f"{self._prefix}-{self._made}"
        self._made += 1
        body = self._plan.templates[template].body.replace(NAME, name)
        return Request(Verb.CREATE, template, name, "POST", self._path_to(template), body)

    def note(self, request: Request, *, done: bool) -> None:
        """Say how a write went: an object that was created can be changed from now on."""
        if done and request.verb is Verb.CREATE and self._plan.templates[request.template].changes:
            self._live.append(_Object(request.template, request.name, self._clock()))

    def _find_deletable(self) -> int | None:
        """Return the place of the oldest object that may be deleted; None where none is old enough."""
        templates, until = self._plan.templates, self._clock() - OLD_S
        return next(
            (
                place
                for place, each in enumerate(self._live)
                if each.made_at <= until and templates[each.template].deleted
            ),
            None,
        )

    def _path_to(self, template: int, *name: str) -> str:
        return "/".join((self._plan.path, self._plan.templates[template].plural, *name))


def parse_mix(word: str) -> dict[str, float]:
    """Return the shares of `create=60,patch=30,delete=10`, by verb; ValueError says what is wrong with it."""
    mix: dict[str, float] = {}
    for part in word.split(","):
        name, equals, share = part.strip().partition("=")
        if not equals or name not in set(Verb):
            raise ValueError(f"{part.strip()!r} is no VERB=SHARE")
        mix[name] = float(share)
        if not 0 <= mix[name] < math.inf:
            raise ValueError(f"{part.strip()!r} is no share")
    if not mix.get(Verb.CREATE):
        raise ValueError("nothing is created, and so nothing can be changed")
    return mix


def list_windows(duration_s: float, number: int = STEPS) -> Iterator[tuple[float, float]]:
    """Yield the beginning and the end of each of so many equal parts of the duration."""
    for place in range(number):
        yield duration_s * place / number, duration_s * (place + 1) / number


def pad(obj: Mapping[str, Any], *, size: int, labels: int) -> dict[str, Any]:
    """Return the object with so many more labels, and with annotations that make it `size` bytes of JSON.

    One that is larger already stays as it is.
    """
    metadata = dict(obj["metadata"])
    metadata["labels"] = {**metadata.get("labels", {}), **{f"{LABEL}-{n}": f"value-{n}" for n in range(labels)}}
    padded = {**obj, "metadata": metadata}
    missing = size - len(json.dumps(padded))
    if missing > 0:
        parts = _split(missing, _LARGEST_ANNOTATION)
        more = {f"{LABEL}-padding-{place}": "x" * length for place, length in enumerate(parts)}
        padded["metadata"] = {**metadata, "annotations": {**metadata.get("annotations", {}), **more}}
    return padded


_LARGEST_ANNOTATION = 60_000   # MySQL's TEXT holds 65,535 bytes
LARGEST_SIZE = 200_000         # Kubernetes takes 256 KiB of annotations


def _split(total: int, largest: int) -> Sequence[int]:
    return [largest] * (total // largest) + ([total % largest] if total % largest else [])
