"""Chooses one context of the user's kubeconfig, and refuses one that looks like production.

The current context is never taken silently: which cluster is written to must be said. The chosen context
is copied, alone, into a private file of the run, so that everything that reads a kubeconfig reads this one.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import SettingsError
from harness.sandbox.storage import write_private
from harness.spec.model import JsonObject

CONTEXT_OPTION = "--context"
KUBECONFIG_OPTION = "--kubeconfig"
CONSENT_OPTION = "--yes-this-cluster"

_DEFAULT_KUBECONFIG = "~/.kube/config"
_LOOKS_LIKE_PRODUCTION = re.compile(
    r"(?<!non)(?<!non[-_.])prod(?!uct(?!ion))|(?<![a-z])(prd|live)(?![a-z])", re.IGNORECASE
)
_PATHS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}


@dataclass(frozen=True)
class Context:
    """One context of a kubeconfig: its names, its server's URL, and the entries themselves (secrets in them)."""

    name: str
    cluster_name: str
    server: str
    namespace: str
    cluster: JsonObject
    user_name: str
    user: JsonObject
    files: tuple[Path, ...] = ()

    @property
    def kubectl(self) -> str:
        """The beginning of a kubectl command that leads to it."""
        words = ["kubectl", f"--context={self.name}"]
        if len(self.files) == 1:   # of several, kubectl must merge what KUBECONFIG names
            words.append(f"--kubeconfig={self.files[0]}")
        return shlex.join(words)

    def __repr__(self) -> str:
        """Return it without the user's secrets."""
        return f"Context({self.name!r}, {self.server!r})"


def find_kubeconfig(option: str | None) -> list[Path]:
    """Return the kubeconfig files that the option names, else KUBECONFIG, else `~/.kube/config`."""
    if option:
        path = Path(option).expanduser().absolute()
        if not path.is_file():
            raise SettingsError(
                f"{KUBECONFIG_OPTION}: {option!r} is not a file that exists",
                hint="Valid: the path of a kubeconfig file; without the option KUBECONFIG or ~/.kube/config",
            )
        return [path]
    named = os.environ.get("KUBECONFIG") or _DEFAULT_KUBECONFIG
    paths = [Path(word).expanduser().absolute() for word in named.split(os.pathsep) if word]
    found = [path for path in paths if path.is_file()]
    if not found:
        raise SettingsError(
            f"there is no kubeconfig file {named!r}",
            hint=f"Name one with {KUBECONFIG_OPTION}, or with the environment variable KUBECONFIG",
        )
    return found


def choose_context(files: list[Path], name: str | None) -> Context:
    """Return the context of that `name`; SettingsError, which lists those there are, where there is none."""
    contexts: dict[str, tuple[JsonObject, Path]] = {}
    clusters: dict[str, tuple[JsonObject, Path]] = {}
    users: dict[str, tuple[JsonObject, Path]] = {}
    for file in files:
        document = _read(file)
        for key, found in (("context", contexts), ("cluster", clusters), ("user", users)):
            for entry in document.get(f"{key}s") or []:
                found.setdefault(str(entry["name"]), (entry.get(key) or {}, file))   # the first wins
    if not name:
        raise SettingsError(
            f"{CONTEXT_OPTION}: which cluster to test must be said",
            hint=f"Valid: {', '.join(contexts) or 'none; the kubeconfig has no context'}",
        )
    if name not in contexts:
        raise SettingsError.unknown(f"{CONTEXT_OPTION} of {', '.join(map(str, files))}", name, contexts)
    context, _ = contexts[name]
    cluster = _look_up(clusters, "cluster", context, name)
    return Context(
        name=name,
        cluster_name=str(context.get("cluster", "")),
        server=str(cluster.get("server", "")),
        namespace=str(context.get("namespace") or "default"),
        cluster=cluster,
        user_name=str(context.get("user", "")),
        user=_look_up(users, "user", context, name),
        files=tuple(files),
    )


def refuse_production(context: Context, consent: str | None) -> None:
    """Raise SettingsError where a name of the context looks like production, unless `consent` repeats its name."""
    if consent is not None and consent != context.name:
        raise SettingsError(
            f"{CONSENT_OPTION}: {consent!r} is not the context's name", hint=f"The context is {context.name!r}"
        )
    names = {"context": context.name, "cluster": context.cluster_name, "server": context.server}
    suspicious = [f"{what} {value!r}" for what, value in names.items() if looks_like_production(value)]
    if suspicious and consent is None:
        raise SettingsError(
            f"{CONTEXT_OPTION}: {', '.join(suspicious)} looks like production, where a test has no place",
            hint=f"If it is none, or you are sure, repeat its name exactly: {CONSENT_OPTION} {context.name}",
        )


def looks_like_production(name: str) -> bool:
    """Return whether the name says 'prod', 'production', 'prd' or 'live' (but 'nonprod' and 'product' do not)."""
    return _LOOKS_LIKE_PRODUCTION.search(name) is not None


def write_kubeconfig(context: Context, file: Path) -> None:
    """Write a kubeconfig of this context alone, which only this user can read."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context.cluster_name, "cluster": context.cluster}],
        "users": [{"name": context.user_name, "user": context.user}],
        "contexts": [
            {
                "name": context.name,
                "context": {
                    "cluster": context.cluster_name,
                    "user": context.user_name,
                    "namespace": context.namespace,
                },
            }
        ],
        "current-context": context.name,
    }
    write_private(file, json.dumps(document) + "\n")


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).partition("\n")[0]
        raise SettingsError(f"kubeconfig {file} can't be read: {reason}") from error
    if not isinstance(document, dict) or not isinstance(document.get("contexts") or [], list):
        raise SettingsError(f"kubeconfig {file} is none", hint="It must have clusters, users and contexts")
    return document


def _look_up(
    entries: dict[str, tuple[JsonObject, Path]], key: str, context: JsonObject, name: str
) -> JsonObject:
    """Return the context's cluster or user, with paths made absolute: the copy lies in another folder."""
    wanted = str(context.get(key, ""))
    if wanted not in entries:
        raise SettingsError(
            f"{CONTEXT_OPTION}: {name!r} names the {key} {wanted!r}, which the kubeconfig does not have",
            hint=f"It has: {', '.join(entries) or 'none'}",
        )
    entry, file = entries[wanted]
    return _with_absolute_paths(entry, _PATHS[key], file.parent)


def _with_absolute_paths(entry: JsonObject, keys: Iterable[str], folder: Path) -> JsonObject:
    changed = {**entry, **{key: str(folder / entry[key]) for key in keys if entry.get(key)}}
    command = (entry.get("exec") or {}).get("command", "")
    if os.sep in command:   # else it is looked up on PATH
        changed["exec"] = {**entry["exec"], "command": str(folder / command)}
    return changed
