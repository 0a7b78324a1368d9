"""Reads and writes objects of the 13 kinds through a kube-apiserver; the only module that imports `kubernetes`.

Plain dicts in and out. A request that the API server answers with an error raises `Refusal`; one that it
does not answer raises `HarnessError`. Nothing here waits, retries or judges.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import kubernetes.client
import kubernetes.config
import kubernetes.watch
import urllib3.exceptions
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from harness.clients.login import Login
from harness.core.errors import HarnessError, Refusal
from harness.core.fast_json import read_json
from harness.spec.model import GROUP, VERSION, JsonObject, Kind

_T = TypeVar("_T")
_MERGE_PATCH = "application/merge-patch+json"
_FIELD_MANAGER = "ingester-acceptance"
ALL_NAMESPACES = ""
_UNAUTHORIZED = 401
_EXPIRED = 410
_LOG_IN = "Credentials that expire have to outlive the run: log in again, or use a service account's token"
_REQUEST_TIMEOUT_S = 30.0
_UNPROXIED = ("localhost", "127.0.0.1", "::1")   # no proxy can reach what listens on this machine alone
_NO_ANSWER = (
    "Is its address right, and can it be reached from here (VPN, proxy)? A local sandbox's server has a log: "
    "ingester-acceptance sandbox logs kube-apiserver"
)


def load_client() -> None:
    """Load the parts of the client library that take long, while there is something to wait for anyway."""
    for name in ("CoreV1Api", "CustomObjectsApi", "VersionApi"):
        getattr(kubernetes.client, name)


@dataclass(frozen=True)
class Version:
    """An object as it was at one resourceVersion; `deleted` marks the version that its deletion made."""

    number: int
    object: JsonObject
    deleted: bool = False


@dataclass(frozen=True)
class Page:
    """A part of a list: its objects, and the token of the next part, '' after the last; `size` is in bytes."""

    objects: list[JsonObject]
    token: str
    size: int


def get_version(obj: JsonObject) -> int:
    """Return the object's resourceVersion as a number."""
    return int(obj["metadata"]["resourceVersion"])


class Cluster:
    """A kube-apiserver, reached through one context of a kubeconfig file.

    Without `retries` a request that is not answered fails at once; with them the client tries three times more.
    """

    def __init__(self, kubeconfig: Path, context: str | None = None, *, retries: bool = True) -> None:
        client = open_client(kubeconfig, context, retries=retries)
        self._custom = kubernetes.client.CustomObjectsApi(client)
        self._version = kubernetes.client.VersionApi(client)

    @functools.cached_property
    def _core(self) -> Any:
        """The part of the library for namespaces, which takes more than a second to load."""
        return kubernetes.client.CoreV1Api(self._custom.api_client)

    def close(self) -> None:
        """Close the connections that are kept for later; requests that are under way are not awaited."""
        self._custom.api_client.rest_client.pool_manager.clear()

    def get_server_version(self, timeout_s: float = _REQUEST_TIMEOUT_S) -> str:
        """Return the API server's version, such as 'v1.36.3'; HarnessError where it takes longer than that."""
        return str(ask(lambda: self._version.get_code(_request_timeout=timeout_s), logs_in=True).git_version)

    def find_kinds(self) -> dict[str, str]:
        """Return the kinds of the group and version that the API server serves, each with its resource's name.

        There are none where it knows neither.
        """
        try:
            found = ask(
                lambda: self._custom.get_api_resources(GROUP, VERSION, _request_timeout=_REQUEST_TIMEOUT_S)
            )
        except Refusal as refusal:
            if refusal.not_found:
                return {}
            raise
        resources = [resource for resource in found.resources if "/" not in resource.name]   # no subresource
        return {str(resource.kind): str(resource.name) for resource in resources}

    def get_crd(self, kind: Kind) -> JsonObject | None:
        """Return the kind's CustomResourceDefinition, None where there is none; Refusal where it is not shown."""
        try:
            return self._dict(
                lambda: self._custom.get_cluster_custom_object(
                    "apiextensions.k8s.io",
                    "v1",
                    "customresourcedefinitions",
                    f"{kind.plural}.{GROUP}",
                    _request_timeout=_REQUEST_TIMEOUT_S,
                )
            )
        except Refusal as refusal:
            if refusal.not_found:
                return None
            raise

    def get_openapi(self) -> JsonObject:
        """Return the server's OpenAPI v3 document of the group and version; Refusal where it has none."""
        client: Any = self._custom.api_client
        configuration = client.configuration

        def request() -> bytes:   # the library's own request for any path differs from release to release
            logins = configuration.auth_settings().values()
            response = client.rest_client.pool_manager.request(
                "GET",
                f"{configuration.host}/openapi/v3/apis/{GROUP}/{VERSION}",
                headers={"Accept": "application/json", **{login["key"]: login["value"] for login in logins}},
                timeout=_REQUEST_TIMEOUT_S,
            )
            if response.status != 200:
                raise ApiException(http_resp=response)
            return bytes(response.data)

        document: JsonObject = json.loads(ask(request))
        return document

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> bool:
        """Create the namespace; False where it existed before."""
        metadata = kubernetes.client.V1ObjectMeta(name=name, labels=dict(labels or {}))
        body = kubernetes.client.V1Namespace(metadata=metadata)
        try:
            ask(lambda: self._core.create_namespace(body, _request_timeout=_REQUEST_TIMEOUT_S))
        except Refusal as refusal:
            if refusal.reason == "AlreadyExists" or refusal.status == 409:
                return False
            raise
        return True

    def get_namespace(self, name: str) -> JsonObject | None:
        """Return the namespace as the API server sends it, None where there is none."""
        try:
            response: Any = ask(
                lambda: self._core.read_namespace(
                    name, _preload_content=False, _request_timeout=_REQUEST_TIMEOUT_S
                )
            )
        except Refusal as refusal:
            if refusal.not_found:
                return None
            raise
        answer: JsonObject = json.loads(response.data)
        return answer

    def delete_namespace(self, name: str) -> bool:
        """Ask for the namespace's deletion, which takes a while; False where there was none."""
        try:
            ask(lambda: self._core.delete_namespace(name, _request_timeout=_REQUEST_TIMEOUT_S))
        except Refusal as refusal:
            if refusal.not_found:
                return False
            raise
        return True

    def create(
        self, kind: Kind, obj: JsonObject, *, strict: bool = True, dry_run: bool = False
    ) -> JsonObject:
        """Create the object and return it as the server stored it. `strict` refuses unknown fields."""
        return self._dict(
            lambda: self._custom.create_namespaced_custom_object(
                GROUP,
                VERSION,
                obj["metadata"]["namespace"],
                kind.plural,
                obj,
                field_validation="Strict" if strict else "Ignore",
                field_manager=_FIELD_MANAGER,
                dry_run="All" if dry_run else None,
                _request_timeout=_REQUEST_TIMEOUT_S,
            )
        )

    def patch(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> JsonObject:
        """Apply the merge patch and return the object as the server stored it."""
        return self._patch(self._custom.patch_namespaced_custom_object, kind, namespace, name, patch)

    def patch_status(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> JsonObject:
        """Apply the merge patch to the object's status alone, and return the object as the server stored it."""
        return self._patch(self._custom.patch_namespaced_custom_object_status, kind, namespace, name, patch)

    def _patch(
        self, request: Callable[..., Any], kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]
    ) -> JsonObject:
        return self._dict(
            lambda: request(
                GROUP,
                VERSION,
                namespace,
                kind.plural,
                name,
                dict(patch),
                field_validation="Strict",
                field_manager=_FIELD_MANAGER,
                _content_type=_MERGE_PATCH,
                _request_timeout=_REQUEST_TIMEOUT_S,
            )
        )

    def get(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Return the object as it is now, None where there is none."""
        try:
            return self._dict(
                lambda: self._custom.get_namespaced_custom_object(
                    GROUP, VERSION, namespace, kind.plural, name, _request_timeout=_REQUEST_TIMEOUT_S
                )
            )
        except Refusal as refusal:
            if refusal.not_found:
                return None
            raise

    def delete(self, kind: Kind, namespace: str, name: str, propagation: str = "") -> bool:
        """Ask for the object's deletion, by a propagation policy if so asked; False where there was none."""
        policy: dict[str, Any] = {"propagation_policy": propagation} if propagation else {}
        try:
            ask(
                lambda: self._custom.delete_namespaced_custom_object(
                    GROUP, VERSION, namespace, kind.plural, name, _request_timeout=_REQUEST_TIMEOUT_S, **policy
                )
            )
        except Refusal as refusal:
            if refusal.not_found:
                return False
            raise
        return True

    def delete_all(self, kind: Kind, namespace: str, selector: str = "") -> None:
        """Ask for the deletion of every object of the kind in the namespace that the label `selector` selects."""
        ask(
            lambda: self._custom.delete_collection_namespaced_custom_object(
                GROUP,
                VERSION,
                namespace,
                kind.plural,
                label_selector=selector,
                _request_timeout=_REQUEST_TIMEOUT_S,
            )
        )

    def list_objects(self, kind: Kind, namespace: str, selector: str = "") -> list[JsonObject]:
        """Return the kind's objects in the namespace, or in ALL_NAMESPACES, that the label `selector` selects."""
        found = self._dict(
            lambda: self._select_list(namespace)(
                kind.plural, label_selector=selector, _request_timeout=_REQUEST_TIMEOUT_S
            )
        )
        return list(found["items"])

    def list_page(
        self, kind: Kind, namespace: str, *, limit: int, token: str = "", selector: str = ""
    ) -> Page:
        """Return up to `limit` of the kind's objects, from where `token` says on; in namespace and name order.

        A list whose token has expired goes on with what there is now.
        """
        try:
            return self._read_page(kind, namespace, limit=limit, _continue=token, label_selector=selector)
        except Refusal as refusal:
            if refusal.status != _EXPIRED or not refusal.token:
                raise
            return self._read_page(
                kind, namespace, limit=limit, _continue=refusal.token, label_selector=selector
            )

    def find_at(self, kind: Kind, namespace: str, name: str, version: int) -> JsonObject | None:
        """Return the object of that name as it was when the API server's store was at resourceVersion `version`.

        None where there was none. Raises `Refusal` with status 410 where the store no longer has it, and another
        one where it never was at that version.
        """
        page = self._read_page(
            kind,
            namespace,
            field_selector=f"metadata.name={name}",
            resource_version=str(version),
            resource_version_match="Exact",
        )
        return page.objects[0] if page.objects else None

    def _read_page(self, kind: Kind, namespace: str, **selection: Any) -> Page:
        response: Any = ask(
            lambda: self._select_list(namespace)(
                kind.plural,
                _preload_content=False,
                _request_timeout=_REQUEST_TIMEOUT_S,
                **{name: value for name, value in selection.items() if value},
            )
        )
        answer = read_json(response.data)
        return Page(answer["items"], answer["metadata"].get("continue") or "", len(response.data))

    def _select_list(self, namespace: str) -> Callable[..., Any]:
        if namespace == ALL_NAMESPACES:
            return partial(self._custom.list_cluster_custom_object, GROUP, VERSION)
        return partial(self._custom.list_namespaced_custom_object, GROUP, VERSION, namespace)

    def list_names(self, kind: Kind, namespace: str, selector: str = "") -> list[str]:
        """Return the names of the kind's objects in the namespace that the label `selector` selects."""
        return [str(obj["metadata"]["name"]) for obj in self.list_objects(kind, namespace, selector)]

    def get_history(
        self, kind: Kind, namespace: str, name: str, *, since: int, until: int, timeout_s: int = 2
    ) -> list[Version]:
        """Return the object's versions after `since`, oldest first, up to the first that is >= `until`.

        Ends with the object's deletion, and after `timeout_s` (whole seconds) where no such version comes.
        Raises `Refusal` with status 410 where the server no longer keeps versions that old.
        """
        return self._follow(
            kind,
            namespace,
            since,
            lambda version: version.number >= until or version.deleted,
            timeout_s,
            field_selector=f"metadata.name={name}",
        )

    def get_changes(
        self, kind: Kind, namespace: str, *, since: int, until: int, timeout_s: int = 2
    ) -> list[Version]:
        """Return what `get_history` does, of all the kind's objects in the namespace; no deletion ends it."""
        return self._follow(kind, namespace, since, lambda version: version.number >= until, timeout_s)

    def _follow(
        self,
        kind: Kind,
        namespace: str,
        since: int,
        ends: Callable[[Version], bool],
        timeout_s: int,
        **selection: str,
    ) -> list[Version]:
        watch = kubernetes.watch.Watch()
        versions: list[Version] = []

        def follow() -> None:
            stream = watch.stream(
                self._custom.list_namespaced_custom_object,
                GROUP,
                VERSION,
                namespace,
                kind.plural,
                resource_version=str(since),
                timeout_seconds=timeout_s,
                _request_timeout=timeout_s + _REQUEST_TIMEOUT_S,
                **selection,
            )
            for event in stream:
                obj = event["raw_object"]
                versions.append(Version(get_version(obj), obj, deleted=event["type"] == "DELETED"))
                if ends(versions[-1]):
                    watch.stop()
                    return

        ask(follow)
        return versions

    @staticmethod
    def _dict(request: Callable[[], Any]) -> JsonObject:
        answer: JsonObject = ask(request)
        return answer


def open_client(kubeconfig: Path, context: str | None = None, *, retries: bool = True) -> Any:
    """Return the library's client for one context of the kubeconfig file; HarnessError where that can't be used.

    For the modules that know `kubernetes` as well: `harness.clients.pods`, `harness.clients.access_review`.
    """
    configuration = kubernetes.client.Configuration()
    configuration.no_proxy = ",".join(filter(None, (configuration.no_proxy, *_UNPROXIED)))
    if not retries:
        configuration.retries = False
    try:
        return kubernetes.config.new_client_from_config(
            str(kubeconfig), context=context, client_configuration=configuration
        )
    except (ConfigException, OSError) as error:
        raise HarnessError(f"kubeconfig {kubeconfig}: {error}") from error


def read_login(kubeconfig: Path, context: str | None = None) -> Login:
    """Return how one context of the kubeconfig file logs in; HarnessError where that can't be used.

    The files that it names are there as long as this process is.
    """
    configuration = open_client(kubeconfig, context).configuration
    logins = configuration.auth_settings().values()
    return Login(
        server=configuration.host,
        ca=configuration.ssl_ca_cert or "",
        certificate=configuration.cert_file or "",
        key=configuration.key_file or "",
        authorization=next((each["value"] for each in logins if each["key"].lower() == "authorization"), ""),
        verify=bool(configuration.verify_ssl),
    )


def ask(request: Callable[[], _T], *, logs_in: bool = False) -> _T:
    """Carry out the request, with the client library's errors turned into `Refusal` and `HarnessError`.

    That the user is not known is a `Refusal` of a request that `logs_in` alone: of others it says nothing.
    """
    try:
        return request()
    except ApiException as error:
        if not error.status:
            raise HarnessError(f"kube-apiserver: {error.reason}") from error
        refusal = _read_refusal(error)
        if refusal.status == _UNAUTHORIZED and not logs_in:
            raise HarnessError(f"kube-apiserver no longer knows the user: {refusal}", hint=_LOG_IN) from error
        raise refusal from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise HarnessError(f"kube-apiserver does not answer: {error}", hint=_NO_ANSWER) from error


def _read_refusal(error: ApiException) -> Refusal:
    try:
        status = json.loads(error.body or "{}")
    except (json.JSONDecodeError, TypeError):
        status = {}
    return Refusal(
        int(error.status),
        str(status.get("reason") or error.reason),
        str(status.get("message") or error.body),
        str((status.get("metadata") or {}).get("continue") or ""),
    )
