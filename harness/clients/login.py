"""How somebody logs in to an API server: what a program needs that is not the harness's own client. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Login:
    """An address, files of certificates ('' for none), and the header `Authorization`."""

    server: str
    ca: str = ""
    certificate: str = ""
    key: str = ""
    authorization: str = field(default="", repr=False)
    verify: bool = True

    def to_json(self) -> str:
        """Return it as JSON, which holds what logs in."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Login:
        """Return the login that `to_json` wrote."""
        return cls(**json.loads(text))
