"""What runs with each change."""

from __future__ import annotations

import pytest

from tests.tiers import AT_EACH_CHANGE, FOLDERS, is_nightly

_SOME = min(AT_EACH_CHANGE)


@pytest.mark.parametrize(
    ("nodeid", "nightly"),
    [
        ("tests/unit/test_tiers.py::test_what_is_nightly", False),
        (f"{FOLDERS[0]}test_x.py::test_that_nobody_named", True),
        (_SOME, False),
        (f"{_SOME}[any]", False),
        ("tests/selftest/test_surroundings.py::test_a_run_ends_with_its_sandbox[mysql]", False),
        ("tests/selftest/test_surroundings.py::test_a_run_ends_with_its_sandbox[supervisor]", True),
    ],
)
def test_what_is_nightly(nodeid: str, nightly: bool) -> None:
    """A test with real servers that is not named runs at night; one parameter may be named, or all."""
    assert is_nightly(nodeid) is nightly


def test_what_is_named_is_there(request: pytest.FixtureRequest) -> None:
    """Each name is that of a test function, which a renamed one would else leave to the night in silence."""
    for nodeid in AT_EACH_CHANGE:
        file, _, name = nodeid.partition("::")
        source = (request.config.rootpath / file).read_text(encoding="utf-8")
        assert f"\ndef {name.partition('[')[0]}(" in source, nodeid
