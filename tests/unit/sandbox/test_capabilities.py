"""`harness.sandbox.capabilities`: what a sandbox can't do is said, not tried."""

from __future__ import annotations

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.capabilities import FillsDisk, InjectsFaults, require
from harness.sandbox.local.client.capabilities import LocalCapabilities


def test_a_capability_is_what_the_sandbox_has() -> None:
    """A sandbox that has it is returned as it is; one that has not is named."""

    class Elsewhere:
        name = "existing"

    local = LocalCapabilities.__new__(LocalCapabilities)
    assert require(local, InjectsFaults) is local
    with pytest.raises(HarnessError, match="'existing' has no capability FillsDisk"):
        require(Elsewhere(), FillsDisk)
