"""What an extra of the package brings, and how an environment gets it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence


def explain_missing(packages: Sequence[str], extra: str) -> str:
    """Return which of the extra's packages an environment lacks, and the way out; '' where it lacks none."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} must be installed: pip install 'ingester-acceptance[{extra}]'"
