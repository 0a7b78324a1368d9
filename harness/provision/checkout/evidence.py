"""Which profile fits a version, judged by what was read of it, and in words why.

What decides: which kinds are immutable and which retained, or where no code was read which have CRD and table; how
tables are named; each feature that was read; whether a panic in a reconcile takes the controller manager down.
Where the version differs from the profile that fits best, its own facts count; but the profile's known issues are
all that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.provision.checkout.golines import GoModule
from harness.spec.features import FEATURES
from harness.spec.kinds import collect_cases
from harness.spec.naming import Naming, find_naming
from harness.spec.profiles import Profile, list_profiles, load_profile
from harness.spec.read import ReadContract

PANIC_ISSUE = "sparkjob-double-panic"
"""The known issue that shows only where panics are not recovered."""


@dataclass(frozen=True)
class Choice:
    """A profile's name, why it was chosen, and in what the version differs from it (empty where all fits).

    `contradictions` are differences that nothing that was read makes up for.
    """

    profile: str
    reason: str
    differences: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    def explain(self) -> str:
        """Return why the profile was chosen, and in what the version differs from it."""
        if not self.differences:
            return self.reason
        return f"{self.reason}; it fits best, and what was read counts: {'; '.join(self.differences)}"


def choose_profile(
    read: ReadContract,
    module: GoModule | None = None,
    profiles: Iterable[Profile] | None = None,
    *,
    usual: str = "",
) -> Choice:
    """Return the profile that most of the evidence agrees with.

    Of equals it is the `usual` one, else the one that says least by itself.
    """
    candidates = [load_profile(name) for name in list_profiles()] if profiles is None else list(profiles)
    judged = {profile.name: tuple(_differ(profile, read)) for profile in candidates}
    panics = {profile.name: _contradict(profile, module) for profile in candidates}
    best = min(
        candidates,
        key=lambda each: (
            len(judged[each.name]) + len(panics[each.name]),
            each.name != usual,
            len(each.features),
            each.name,
        ),
    )
    reason = "; ".join(_describe(read, module)) or "nothing was read that decides"
    return Choice(best.name, reason, judged[best.name], panics[best.name])


def _list_relevant(read: ReadContract) -> frozenset[str]:
    """Return the kinds that can be evidence: those with a controller; of none, those that the harness knows."""
    registered = read.controllers.names if read.controllers is not None else ()
    return frozenset(registered or (case.name for case in collect_cases()))


def _differ(profile: Profile, read: ReadContract) -> Iterator[str]:
    relevant = _list_relevant(read)
    for what, found, expected in (
        ("immutable kinds", read.immutable, profile.immutable_kinds),
        ("retained kinds", read.retained, profile.retained_kinds),
    ):
        if found is not None and expected & relevant != relevant.intersection(found.names):
            seen = _join(relevant.intersection(found.names))
            yield f"{what}: {seen}, in profile {profile.name} {_join(expected & relevant)}"
    if read.controllers is None and (mirrored := _list_mirrored(read)):
        expected = frozenset(profile.kinds or (case.name for case in collect_cases()))
        if mirrored != expected:
            more, less = _join(mirrored - expected), _join(expected - mirrored)
            yield f"kinds with CRD and table: beyond profile {profile.name} {more}, without {less}"
    naming = _find_naming(read)
    if naming is not None and naming != profile.naming:
        yield f"tables in {naming}, in profile {profile.name} {profile.naming}"
    for name, fact in read.features.items():
        due = profile.features.get(name, FEATURES[name][0] if name in FEATURES else fact.value)
        if fact.value != due:
            yield f"{name}: {fact.value}, in profile {profile.name} {due}"


def _list_mirrored(read: ReadContract) -> frozenset[str]:
    return frozenset(kind.name for kind in read.kinds if kind.tables is not None)


def _find_naming(read: ReadContract) -> Naming | None:
    return find_naming([(kind.name, kind.plural) for kind in read.kinds], read.tables or ())


def _contradict(profile: Profile, module: GoModule | None) -> tuple[str, ...]:
    recovers = None if module is None else module.recovers_panics
    if recovers is None or (PANIC_ISSUE in profile.issue_ids) != recovers:
        return ()
    effect = "recovers panics" if recovers else "does not recover panics"
    return (f"profile {profile.name} expects the opposite of a controller manager that {effect}",)


def _describe(read: ReadContract, module: GoModule | None) -> Iterator[str]:
    if read.immutable is not None:
        yield f"immutable kinds: {_join(_list_relevant(read).intersection(read.immutable.names))}"
    if read.retained is not None and read.retained.names:
        yield f"retained kinds: {_join(read.retained.names)}"
    for name, fact in read.features.items():
        if name in FEATURES and fact.value != FEATURES[name][0]:
            yield f"{name}: {fact.value}"
    if read.controllers is None and (mirrored := _list_mirrored(read)):
        yield f"{len(mirrored)} kinds with CRD and table"
    if module is None:
        if (naming := _find_naming(read)) is not None:
            yield f"tables in {naming}"
        return
    version = f"controller-runtime {module.controller_runtime}"
    yield {
        True: f"{version} recovers panics",
        False: f"{version} does not recover panics",
        None: "go.mod does not say whether panics are recovered",
    }[module.recovers_panics]


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
