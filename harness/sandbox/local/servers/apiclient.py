"""The few requests that the start-up makes of kube-apiserver, with the standard library alone.

The supervisor must start fast and stay small, which the whole client of `harness.clients.kube` would prevent.
"""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from typing import TYPE_CHECKING, Any

from harness.core.errors import HarnessError
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import GROUP, VERSION, JsonObject

if TYPE_CHECKING:   # the client's end makes none, and `cryptography` takes long
    from harness.sandbox.local.servers.credentials import Credentials

# Priority classes are for pods, which nobody runs here, and take half a second longer than all else
_READY = "/readyz?exclude=poststarthook/scheduling/bootstrap-system-priority-classes"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
_GARBAGE = "without-owner"
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_DISCOVERY_BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


class ApiClient:
    """Asks one kube-apiserver as its administrator; each method may be called from any thread."""

    def __init__(self, port: int, credentials: Credentials) -> None:
        self.port = port
        self._token = credentials.token
        self._tls = ssl.create_default_context(cafile=str(credentials.ca))

    def takes_crds(self) -> bool:
        """Return whether CustomResourceDefinitions can be created: asked first, since they may be big."""
        return self._ask("GET", f"{_CRDS}?limit=1")[0] == 200

    def is_ready(self) -> bool:
        """Return whether `/readyz` says so, priority classes aside; no answer is False."""
        return self._ask("GET", _READY)[0] == 200

    def create_crd(self, body: str, source: str) -> bool:
        """Create a CustomResourceDefinition given as JSON; return False where the server can't yet take it.

        Raises `HarnessError`, which names `source`, where the server refuses it.
        """
        status, answer = self._ask("POST", _CRDS, body)
        if status in (201, 409):
            return True
        if status in (400, 422):
            message = answer.get("message", f"HTTP status {status}")
            raise HarnessError(f"{source}: kube-apiserver refuses a CRD: {message}")
        return False

    def find_kinds(self) -> set[str]:
        """Return the kinds of the group that the aggregated discovery, which clients begin with, lists."""
        status, answer = self._ask("GET", "/apis", accept=f"{_DISCOVERY},{_DISCOVERY_BETA},application/json")
        if status != 200:
            return set()
        if answer.get("kind") != "APIGroupDiscoveryList":   # before Kubernetes 1.26
            status, answer = self._ask("GET", f"/apis/{GROUP}/{VERSION}")
            return {resource["kind"] for resource in answer.get("resources", [])} if status == 200 else set()
        return {
            resource["responseKind"]["kind"]
            for group in answer["items"]
            if group["metadata"]["name"] == GROUP
            for version in group["versions"]
            if version["version"] == VERSION
            for resource in version.get("resources", [])
        }

    def is_served(self, plural: str) -> bool:
        """Return whether objects of a kind of the group can be listed."""
        return self._ask("GET", f"/apis/{GROUP}/{VERSION}/{plural}?limit=1")[0] == 200

    def get_crd_problem(self, crd: JsonObject) -> str:
        """Return why a CustomResourceDefinition is not established, as the server says; empty where it doesn't."""
        status, answer = self._ask("GET", f"{_CRDS}/{crd['metadata']['name']}")
        if status != 200:
            return f"HTTP status {status}"
        conditions = answer.get("status", {}).get("conditions", [])
        return "; ".join(c.get("message", c["type"]) for c in conditions if c.get("status") == "False")

    def leave_garbage(self) -> bool:
        """Make an object whose owner there never was, or return False where it could not be made."""
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": str(uuid.uuid4())}
        metadata = {"name": _GARBAGE, "ownerReferences": [owner]}
        status, _ = self._ask("POST", _CONFIG_MAPS, json.dumps({"metadata": metadata}))
        return status in (201, 409)

    def is_garbage_gone(self) -> bool:
        """Return whether somebody has collected what `leave_garbage` made."""
        return self._ask("GET", f"{_CONFIG_MAPS}/{_GARBAGE}")[0] == 404

    def _ask(
        self, method: str, path: str, body: str | None = None, accept: str = "application/json"
    ) -> tuple[int, Any]:
        """Return status and JSON of the answer, or 0 and an empty object where none came."""
        connection = http.client.HTTPSConnection(LOOPBACK, self.port, timeout=10, context=self._tls)
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(content) if is_json and content else {}
