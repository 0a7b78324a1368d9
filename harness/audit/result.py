"""What an audit comes to: plain data, which is written, merged with that of other shards, and rendered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.audit.classes import AuditClass
from harness.audit.finding import AuditFinding
from harness.audit.state import EXAMPLES, Tally
from harness.core.errors import HarnessError

SCHEMA_VERSION = 1
RESULT, FINDINGS = "result.json", "findings.ndjson"


@dataclass(frozen=True)
class Problem:
    """What could not be told, of a kind or ('') of the whole: one sentence, and the way out."""

    kind: str
    words: str
    hint: str = ""


@dataclass
class KindResult:
    """How a kind stands. `compared` objects had their content compared; `rows` are those without an object."""

    name: str
    plural: str
    tables: tuple[str, str, str]
    objects: int = 0
    rows: int = 0
    compared: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass
class AuditResult:
    """The whole. Times are RFC 3339 and seconds; `lags_s` are those of the late rows, each at most so much.

    `kubectl` is how kubectl reaches the cluster; `facts` are what the audit was made of, by name.
    """

    started_at: str = ""
    duration_s: float = 0.0
    kubectl: str = "kubectl"
    facts: dict[str, str] = field(default_factory=dict)
    kinds: list[KindResult] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)

    @property
    def counts(self) -> Counter[AuditClass]:
        """How many there are of each class, of all kinds."""
        total: Counter[AuditClass] = Counter()
        for kind in self.kinds:
            total.update(kind.tally.counts)
        return total

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(number for audit_class, number in self.counts.items() if audit_class.is_finding)

    @property
    def objects(self) -> int:
        """How many objects were looked at."""
        return sum(kind.objects for kind in self.kinds)

    @property
    def exit_code(self) -> int:
        """0: MySQL equals Kubernetes, or is late only; 1: findings; 2: something could not be told."""
        return 2 if self.problems else 1 if self.found else 0

    @property
    def verdict(self) -> str:
        """The answer, in a sentence."""
        looked = f"{self.objects:,} objects and {sum(kind.rows for kind in self.kinds):,} rows without one"
        late = self.counts[AuditClass.LATE]
        also = f"; {late:,} late" if late else ""
        if self.found:
            words = "1 finding" if self.found == 1 else f"{self.found:,} findings"
            answer = f"MySQL does not equal Kubernetes: {words} in {looked}{also}"
        elif self.problems:
            answer = f"Nothing is wrong in what could be read: {looked}{also}"
        else:
            answer = f"MySQL equals Kubernetes: {looked}{also}"
        return f"{answer}; {self.count_problems()} could not be told" if self.problems else answer

    def count_problems(self) -> str:
        """Return how much could not be told, in words."""
        number = len(self.problems)
        return "1 thing" if number == 1 else f"{number} things"

    def find_quantile(self, share: float) -> float | None:
        """Return how late at most that share of the late rows was, in seconds; None where none was."""
        lags = sorted(self.lags_s)
        return lags[min(int(share * len(lags)), len(lags) - 1)] if lags else None

    def to_json(self) -> str:
        """Return it as JSON."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "started_at": self.started_at,
            "duration_s": round(self.duration_s, 3),
            "exit_code": self.exit_code,
            "verdict": self.verdict,
            "kubectl": self.kubectl,
            "facts": self.facts,
            "kinds": [_dump_kind(kind) for kind in self.kinds],
            "problems": [vars(problem) for problem in self.problems],
            "lags_s": [round(lag, 3) for lag in self.lags_s],
        }
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def read_result(folder: Path) -> AuditResult:
    """Return the result that an audit has left in its folder; HarnessError where none can be read."""
    path = folder / RESULT
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema_version"] != SCHEMA_VERSION:
            raise HarnessError(f"{path}: it is of version {data['schema_version']}, not of {SCHEMA_VERSION}")
        return AuditResult(
            data["started_at"],
            data["duration_s"],
            data["kubectl"],
            data["facts"],
            [_load_kind(kind) for kind in data["kinds"]],
            [Problem(**problem) for problem in data["problems"]],
            data["lags_s"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{path} is no result of an audit that can be read: {error}",
            hint="Name the folder of a finished audit",
        ) from error


def merge_results(results: Sequence[AuditResult]) -> AuditResult:
    """Return the result of all shards together; the same kind in two of them counts twice, and is a problem."""
    merged = AuditResult(
        started_at=min(result.started_at for result in results),
        duration_s=max(result.duration_s for result in results),
        kubectl=results[0].kubectl,
        facts={**results[0].facts, "shards": str(len(results))},
        kinds=[kind for result in results for kind in result.kinds],
        problems=[problem for result in results for problem in result.problems],
        lags_s=[lag for result in results for lag in result.lags_s],
    )
    merged.facts.pop("shard", None)
    seen: set[str] = set()
    for kind in merged.kinds:
        if kind.name in seen:
            merged.problems.append(Problem(kind.name, f"{kind.name} is in two of the results, and counted twice"))
        seen.add(kind.name)
    merged.kinds.sort(key=lambda kind: kind.name)
    return merged


def _dump_kind(kind: KindResult) -> dict[str, Any]:
    tally = kind.tally
    return {
        "name": kind.name,
        "plural": kind.plural,
        "tables": list(kind.tables),
        "objects": kind.objects,
        "rows": kind.rows,
        "compared": kind.compared,
        "counts": {each.value: tally.counts[each] for each in AuditClass if tally.counts[each]},
        "oldest": {each.value: since for each, since in tally.oldest.items()},
        "examples": [example.to_json() for examples in tally.examples.values() for example in examples],
    }


def _load_kind(data: dict[str, Any]) -> KindResult:
    tally = Tally(
        Counter({AuditClass(name): number for name, number in data["counts"].items()}),
        {AuditClass(name): since for name, since in data["oldest"].items()},
    )
    for each in map(AuditFinding.from_json, data["examples"]):
        tally.examples.setdefault(each.audit_class, [])[EXAMPLES:] = [each]
    main, labels, annotations = data["tables"]
    return KindResult(
        data["name"],
        data["plural"],
        (main, labels, annotations),
        data["objects"],
        data["rows"],
        data["compared"],
        tally,
    )
