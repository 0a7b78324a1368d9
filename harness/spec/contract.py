"""The contract of one version of the product: its kinds and what becomes of their objects.

An object, never a constant: whoever needs to know which kinds there are is handed one, and nothing outside
`harness.spec` and `harness.provision.checkout` knows how many there are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.core.errors import SettingsError
from harness.core.served_kind import ServedKind
from harness.spec.annotations import KEY_ANNOTATION
from harness.spec.features import ANNOTATION, FEATURES, PRIMARY_KEY, Fact, Life
from harness.spec.model import Case, Kind
from harness.spec.read import Descriptors, LogLines, SetupLines


@dataclass(frozen=True)
class Contract:
    """The kinds that the Ingester mirrors, in the report's order, each with its case; their lives; features.

    Objects of `immutable_kinds` leave Kubernetes once they are in MySQL; rows of `retained_kinds` outlive their
    objects live. Of `mysql_primary_kinds` the Ingester watches nothing: they have no case. `features` are those
    that were read or given, `facts` all that is known, each with its source. With keys that are pinned by
    annotation, the kinds know that annotation. The version's schema makes no `absent_tables`, which are to be
    found missing. `log_lines` are None where they were not read: the seed report's then; so are `descriptors`,
    without which its proto column can't be decoded by its own messages.
    """

    cases: tuple[Case, ...]
    immutable_kinds: frozenset[str] = frozenset()
    retained_kinds: frozenset[str] = frozenset()
    mysql_primary_kinds: frozenset[str] = frozenset()
    features: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    absent_tables: frozenset[str] = frozenset()
    log_lines: LogLines | None = None
    setup_lines: SetupLines = field(default_factory=SetupLines)
    descriptors: Descriptors | None = None

    def __post_init__(self) -> None:
        annotation = KEY_ANNOTATION if self.get_feature(PRIMARY_KEY) == ANNOTATION else ""
        if any(case.kind.key_annotation != annotation for case in self.cases):
            cases = tuple(replace(case, kind=replace(case.kind, key_annotation=annotation)) for case in self.cases)
            object.__setattr__(self, "cases", cases)

    def get_feature(self, name: str) -> str:
        """Return the feature's value, that of the seed report's version where nobody has said it."""
        return self.features.get(name, FEATURES[name][0])

    def explain_unknown(self, names: Iterable[str]) -> str:
        """Return which of the features have values that no check can judge; empty where all can."""
        values = {name: self.get_feature(name) for name in names}
        unknown = {name: value for name, value in values.items() if value not in FEATURES[name]}
        return ", ".join(f"feature {name} is {value!r}" for name, value in unknown.items())

    def find_fact(self, name: str) -> Fact | None:
        """Return the fact of that name, None where nothing was said of it."""
        return next((fact for fact in self.facts if fact.name == name), None)

    def correct(self, fact: Fact) -> Contract:
        """Return the contract of a version that has the feature otherwise than was read or assumed."""
        facts = tuple(fact if each.name == fact.name else each for each in self.facts)
        return replace(self, features={**self.features, fact.name: fact.value}, facts=facts)

    def get_life(self, kind: str) -> Life:
        """Return what becomes of the kind's objects."""
        if kind in self.mysql_primary_kinds:
            return Life.MYSQL_PRIMARY
        if kind in self.immutable_kinds:
            return Life.IMMUTABLE
        return Life.RETAINED if kind in self.retained_kinds else Life.MUTABLE

    @functools.cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds, in the report's order."""
        return tuple(case.kind for case in self.cases)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The kinds' names, in the report's order."""
        return tuple(case.name for case in self.cases)

    @functools.cached_property
    def tables(self) -> tuple[str, ...]:
        """The names of all tables: each kind's main table, and those of its labels and annotations."""
        return tuple(table for kind in self.kinds for table in kind.tables)

    @functools.cached_property
    def main_tables(self) -> tuple[str, ...]:
        """The names of the kinds' main tables."""
        return tuple(kind.table for kind in self.kinds)

    @functools.cached_property
    def served_kinds(self) -> tuple[ServedKind, ...]:
        """What a sandbox has to know of the kinds: tables that the version does not make can't be waited for."""
        return tuple(
            ServedKind(kind.name, kind.plural, tuple(t for t in kind.tables if t not in self.absent_tables))
            for kind in self.kinds
        )

    def get_kind(self, name: str) -> Kind:
        """Return the kind of that name; KeyError where the contract has none."""
        return self._by_name[name].kind

    def get_case(self, name: str) -> Case:
        """Return the case of the kind of that name; KeyError where the contract has none."""
        return self._by_name[name]

    def is_immutable(self, kind: str) -> bool:
        """Whether objects of the kind leave Kubernetes once they are in MySQL."""
        return kind in self.immutable_kinds

    def find_case(self, word: str, option: str = "--crd") -> Case:
        """Return the case that `word` means: a kind, plural or table in any case, a number, or a template's name.

        Raises SettingsError with the nearest valid names.
        """
        folded = word.strip().casefold()
        for case in self.cases:
            if folded in case.words:
                return case
        raise SettingsError.unknown(option, word, self.names)

    def select(self, words: Sequence[str]) -> tuple[Case, ...]:
        """Return the cases that `words` name, in the report's order; all of them without words."""
        chosen = {self.find_case(word).name for word in words}
        return tuple(case for case in self.cases if not chosen or case.name in chosen)

    def get_prerequisites(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases that `cases` require and don't contain, in the report's order.

        A prerequisite that this version does not have is none.
        """
        chosen = {case.name for case in cases}
        wanted: set[str] = set()
        open_names = [name for name in chosen for name in self._by_name[name].requires]
        while open_names:
            name = open_names.pop()
            if name not in wanted and name in self._by_name:
                wanted.add(name)
                open_names.extend(self._by_name[name].requires)
        return [case for case in self.cases if case.name in wanted - chosen]

    @functools.cached_property
    def _by_name(self) -> dict[str, Case]:
        return {case.name: case for case in self.cases}
