"""Promises of `harness.provision.checkout.evidence`: the profile follows from what the code says."""

from __future__ import annotations

import pytest

from harness.provision.checkout.evidence import choose_profile
from harness.provision.checkout.golines import GeneratedKind, GoModule


def _kinds(*immutable: str) -> dict[str, GeneratedKind]:
    names = ("CachedOutput", "Model", "Project")
    return {name: GeneratedKind(name, "x.go", (), name in immutable) for name in names}


@pytest.mark.parametrize(
    ("immutable", "version", "profile", "reason"),
    [
        (
            ("Model",), "0.19.2", "upstream-main",
            "immutable kinds: Model; controller-runtime 0.19.2 recovers panics",
        ),
        (
            ("Model", "CachedOutput"), "0.20.0", "upstream-main",
            "immutable kinds: Model; controller-runtime 0.20.0 recovers panics",
        ),
        (
            (), "0.18.1", "report-2026-03",
            "immutable kinds: none; controller-runtime 0.18.1 does not recover panics",
        ),
    ],
)  # fmt: skip
def test_the_profile_that_fits_is_chosen(
    immutable: tuple[str, ...], version: str, profile: str, reason: str
) -> None:
    """Immutable kinds of the contract and recovered panics decide, and are the reason that is given."""
    found = choose_profile(_kinds(*immutable), GoModule("1.24", "", version))
    assert (found.profile, found.reason, found.contradictions) == (profile, reason, ())


def test_what_contradicts_the_choice_is_said() -> None:
    """Where no profile fits in all, the best one is chosen and the rest is said."""
    found = choose_profile(_kinds("Project"), GoModule("1.24", "", "0.19.2"))
    assert (found.profile, found.contradictions) == (
        "upstream-main",
        ("profile upstream-main expects as immutable kinds: Model; the checkout has: Project",),
    )


def test_unknown_panics_decide_nothing() -> None:
    """Without a version of controller-runtime the immutable kinds decide alone."""
    found = choose_profile(_kinds("Model"), GoModule("1.24", "", ""))
    assert (found.profile, found.contradictions) == ("upstream-main", ())
    assert found.reason.endswith("go.mod does not say whether panics are recovered")
