"""Speaks to Michelangelo's API server over gRPC: plain dicts in and out, a time limit on every call.

A request that the server answers with an error raises `Refusal`, as kube-apiserver's refusals do; a server
that does not answer raises `HarnessError`. Nothing here waits, retries or judges. The connection is not
encrypted: the server has no TLS of its own.
"""

from __future__ import annotations

import re
from typing import Any

from harness.clients.michelangelo.package import get_method, load
from harness.clients.michelangelo.proto import encode, render
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.spec.model import JsonObject, Kind

DEFAULT_TIMEOUT_S = 10.0
_HEADERS = {"rpc-caller": "ingester-acceptance", "rpc-service": "ma-apiserver", "rpc-encoding": "proto"}
"""The server refuses a call that lacks one of them."""

_PROBE = "ingester-acceptance-probe"
_UNIMPLEMENTED = 501
_NO_ANSWER = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")
_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "FAILED_PRECONDITION": 409,   # the server's word for Kubernetes' Conflict
    "UNIMPLEMENTED": _UNIMPLEMENTED,
}


def parse_address(value: str, option: str = "--api-server") -> str:
    """Return `value` if it is HOST:PORT; SettingsError names the option."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})", value)
    if not match or not 0 < int(match[2]) < 65536:
        raise SettingsError(
            f"{option}: {value!r} is no address", hint="The form is HOST:PORT, such as 127.0.0.1:15566"
        )
    return value


class ApiServer:
    """Michelangelo's API server at one address, HOST:PORT. HarnessError without the extra."""

    def __init__(self, address: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._grpc: Any = load("grpc")
        self._channel = self._grpc.insecure_channel(address)
        self._served: dict[str, bool] = {}

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def serves(self, kind: Kind) -> bool:
        """Return whether the server has a service for the kind; asked once, by reading what isn't there."""
        if kind.name not in self._served:
            try:
                self.get(kind, _PROBE, _PROBE)
                self._served[kind.name] = True
            except Refusal as refusal:
                self._served[kind.name] = refusal.status != _UNIMPLEMENTED
        return self._served[kind.name]

    def create(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Create the object and return it as the server answers it."""
        return self._send(kind, "Create", obj)

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object, None where the server knows none of that name."""
        method = get_method(kind, "Get")
        try:
            answer = self._call(method, method.request(namespace=namespace, name=name))
        except Refusal as refusal:
            if refusal.not_found:
                return None
            raise
        return render(getattr(answer, method.field)).object

    def update(self, kind: Kind, obj: JsonObject) -> JsonObject:
        """Replace the object, at the resourceVersion that it carries, and return it as the server answers it."""
        return self._send(kind, "Update", obj)

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Ask for the object's deletion."""
        method = get_method(kind, "Delete")
        self._call(method, method.request(namespace=namespace, name=name))

    def _send(self, kind: Kind, verb: str, obj: JsonObject) -> JsonObject:
        method = get_method(kind, verb)
        request = method.request()
        getattr(request, method.field).CopyFrom(encode(kind, obj))
        return render(getattr(self._call(method, request), method.field)).object

    def _call(self, method: Any, request: Any) -> Any:
        call = self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        try:
            return call(request, timeout=self._timeout_s, metadata=tuple(_HEADERS.items()))
        except self._grpc.RpcError as error:
            code, words = error.code().name, str(error.details())
            if code in _NO_ANSWER:
                raise HarnessError(
                    f"Michelangelo's API server at {self.address} does not answer ({code}, "
                    f"within {self._timeout_s:g} s): {words}",
                    hint="Does it run there, and is it this version's? Its gRPC port is 15566 unless configured.",
                ) from error
            raise Refusal(_STATUSES.get(code, 500), code, words) from error
