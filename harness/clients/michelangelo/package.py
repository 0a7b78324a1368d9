"""Finds the optional extra: the generated protobuf classes and gRPC; the only module that imports any of them.

Nothing is imported before it is asked for, so that the rest of the harness works without the extra. Only
`michelangelo.gen` is used: the package's own client knows neither Cluster nor Revision, and falls back on
retries and time limits of its own.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import re
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from harness.core.errors import HarnessError
from harness.spec.model import Kind

PACKAGE = "michelangelo"
INSTALL = "pip install 'ingester-acceptance[michelangelo]'"
_GENERATED = f"{PACKAGE}.gen.api.v2"


@dataclass(frozen=True)
class Method:
    """One call of the API server: its path, the classes of its messages, and their field that holds the object."""

    path: str
    request: Any
    response: Any
    field: str


def find_missing() -> str:
    """Return why the extra can't be used, with the line that installs it; '' where it can."""
    try:
        load(f"{_GENERATED}.project_pb2")   # any of them tells whether they can be loaded
        load("grpc")
    except HarnessError as error:
        return f"{error.problem}: {error.hint}"
    return ""


def get_version() -> str:
    """Return the package's version, such as '0.12.0'; HarnessError without the extra."""
    load(PACKAGE)
    return importlib.metadata.version(PACKAGE)


@functools.cache
def load(name: str) -> ModuleType:
    """Return a module of the extra; HarnessError names the line that installs it.

    Its warnings are silenced: they are about how old its generated code is, which nobody here can change.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise HarnessError(f"needs the extra 'michelangelo' (no module {error.name})", hint=INSTALL) from error
    except (ImportError, TypeError, RuntimeError) as error:
        raise HarnessError(f"the extra 'michelangelo' can't be loaded: {error}", hint=INSTALL) from error


def get_message_class(kind: Kind) -> Any:
    """Return the generated class of the kind's objects; HarnessError where the package has none."""
    return _get(load(f"{_GENERATED}.{_snake(kind.name)}_pb2"), kind.name)


def get_method(kind: Kind, verb: str) -> Method:
    """Return the API server's method `verb` (Create, Get, Update, Delete) of the kind."""
    module = load(f"{_GENERATED}.{_snake(kind.name)}_svc_pb2")
    service = module.DESCRIPTOR.services_by_name.get(f"{kind.name}Service")
    method = service and service.methods_by_name.get(f"{verb}{kind.name}")
    if method is None:
        raise HarnessError(f"{PACKAGE} {get_version()} has no method {verb}{kind.name}", hint=INSTALL)
    return Method(
        path=f"/{service.full_name}/{method.name}",
        request=_get(module, method.input_type.name),
        response=_get(module, method.output_type.name),
        field=_snake(kind.name),
    )


def _get(module: ModuleType, name: str) -> Any:
    found = getattr(module, name, None)
    if found is None:
        raise HarnessError(f"{PACKAGE} {get_version()} has no class {module.__name__}.{name}", hint=INSTALL)
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
