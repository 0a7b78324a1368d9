"""`python -m harness.reference`."""

from __future__ import annotations

import sys

from harness.reference.process import main

if __name__ == "__main__":
    sys.exit(main())
