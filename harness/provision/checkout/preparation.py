"""From `--michelangelo SPEC` to all that a run needs of a checkout: programs, CRDs, schema, profile, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets.cache import Cache
from harness.provision.checkout.binaries import APISERVER, CONTROLLERMGR, Binaries, build_binaries, build_covered
from harness.provision.checkout.checkout import APISERVER_PACKAGE, Checkout, find_checkout
from harness.provision.checkout.coverage import list_packages
from harness.provision.checkout.drift import Disagreement, Severity, find_drift
from harness.provision.checkout.evidence import Choice, choose_profile
from harness.provision.checkout.reading import Sources, make_read_contract, read_checkout
from harness.provision.checkout.sources import map_overlay
from harness.spec.profiles import load_profile
from harness.spec.read import ReadContract
from harness.spec.versions import make_contract

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class PreparedCheckout:
    """A checkout ready to be run. `apiserver` is None where it does not build: then `crds` are to be installed.

    `crds` is a folder of YAML in the cache, `schema` the checkout's own file, `read` the contract that the
    checkout says by itself. `pins` name exactly what is tested, for the report; `findings` are where the checkout
    contradicts itself or what is sent to it. `covered` are the packages of which the controller manager counts
    what runs.
    """

    checkout: Checkout
    controllermgr: Path
    apiserver: Path | None
    crds: Path
    schema: Path
    read: ReadContract
    profile: str
    profile_reason: str
    pins: Mapping[str, str]
    findings: tuple[Disagreement, ...]
    covered: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadCheckout:
    """A checkout that was read, and not built: what it says, and the profile that fits it."""

    checkout: Checkout
    sources: Sources
    read: ReadContract
    choice: Choice


def examine_checkout(spec: str, progress: Progress, cache: Cache | None = None) -> ReadCheckout:
    """Return the checkout that `spec` (PATH, URL or URL@REF) names, read; errors as of `prepare_checkout`."""
    checkout = find_checkout(spec, cache or Cache(), progress)
    sources = read_checkout(checkout.path)
    read = make_read_contract(sources, checkout.path)
    return ReadCheckout(checkout, sources, read, choose_profile(read, sources.module))


def prepare_checkout(
    spec: str, progress: Progress, cache: Cache | None = None, *, profile: str | None = None, cover: bool = False
) -> PreparedCheckout:
    """Return the checkout that `spec` (PATH, URL or URL@REF) names, read and built.

    What can't be read is the `profile`'s; without one the evidence chooses it. With `cover` the controller manager
    counts what runs of its Ingester.

    Raises `SettingsError` where `spec` names no usable checkout, `HarnessError` where it can't be had, does not
    build, or has no kind that could be tested.
    """
    cache = cache or Cache()
    found = examine_checkout(spec, progress, cache)
    checkout, sources, read, choice = found.checkout, found.sources, found.read, found.choice
    contract = make_contract(load_profile(profile or choice.profile), read)
    if not contract.cases:
        raise HarnessError(
            f"{checkout.label} has no CRD of a kind of its Ingester", hint="None of their objects can be created"
        )
    binaries = build_binaries(checkout, sources.crds, cache, progress)
    if covered := list_packages(checkout.path) if cover else ():
        binaries = replace(binaries, controllermgr=build_covered(checkout, covered, cache, progress))
    findings = [
        *_describe_apiserver(binaries),
        *find_drift(sources, contract),
        *(Disagreement(Severity.WARNING, words, "fixtures/profiles") for words in choice.contradictions),
    ]
    return PreparedCheckout(
        checkout=checkout,
        controllermgr=binaries.controllermgr,
        apiserver=binaries.apiserver,
        crds=binaries.crds,
        schema=sources.schema.path,
        read=read,
        profile=choice.profile,
        profile_reason=choice.explain(),
        pins=_pin(checkout, binaries, sources),
        findings=tuple(findings),
        covered=covered,
    )


def _describe_apiserver(binaries: Binaries) -> list[Disagreement]:
    if binaries.apiserver is not None:
        return []
    what = "The API server does not build, so that the sandbox installs the CRDs of its sources itself"
    return [Disagreement(Severity.WARNING, f"{what}: {binaries.apiserver_problem}", APISERVER_PACKAGE)]


def _pin(checkout: Checkout, binaries: Binaries, sources: Sources) -> dict[str, str]:
    root, schema, module = checkout.path, sources.schema, sources.module
    overlay = [path.relative_to(root).as_posix() for path in map_overlay(root).values()]
    asked = module.toolchain or f"go{module.go}"
    return {
        "Michelangelo": checkout.origin,
        "commit": checkout.commit,
        "branch": checkout.branch,
        "subject": checkout.subject,
        "working tree": _describe_changes(checkout),
        "Go": f"{binaries.go}; go.mod asks for {asked}",
        "controller-runtime": module.controller_runtime or "not in go.mod",
        "controller manager SHA-256": binaries.sha256[CONTROLLERMGR],
        "API server SHA-256": binaries.sha256.get(APISERVER, "not built"),
        "CRDs SHA-256": sources.crds.digest,
        "schema": schema.path.relative_to(root).as_posix(),
        "schema SHA-256": schema.digest,
        "Go sources SHA-256": binaries.sources_digest,
        "seen by the compiler in proto-go": ", ".join(overlay) or "nothing more than is there",
    }


def _describe_changes(checkout: Checkout) -> str:
    if not checkout.changed:
        return "clean"
    names = ", ".join(checkout.changed[:_NAMES_SHOWN])
    rest = len(checkout.changed) - _NAMES_SHOWN
    return f"{len(checkout.changed)} changed: {names}" + (f" and {rest} more" if rest > 0 else "")
