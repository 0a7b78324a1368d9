"""The requests of a k3d sandbox that no other sandbox makes, carried out by `kubectl`.

A run in somebody's cluster changes nothing of what runs there; here the cluster is the sandbox, so its
configuration is changed, its jobs are made, and its controller manager is restarted. Objects are plain dicts.
Each call that changes something is written to the sandbox's log. What it sends stands in a private file while it
runs, since it may hold a password and command lines are public.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from harness.core.errors import HarnessError
from harness.provision.assets import command
from harness.sandbox.storage import write_private
from harness.spec.model import JsonObject

NAMESPACE = "default"
"""Where `sandbox.py` puts everything of Michelangelo: it names none, and that is a new context's namespace."""

_TIMEOUT_S = 60.0
_NOT_FOUND = "(NotFound)"


class Kubectl:
    """`kubectl` in the current context of one kubeconfig file."""

    def __init__(self, kubeconfig: Path, log: TextIO) -> None:
        self._base = ["kubectl", "--kubeconfig", str(kubeconfig), "--namespace", NAMESPACE]
        self._folder = kubeconfig.parent
        self._log = log

    def get(self, kind: str, name: str) -> JsonObject | None:
        """Return the object, None where there is none."""
        answer = self._run("get", kind, name, "-o", "json")
        if answer.exit_code != 0:
            if any(_NOT_FOUND in line for line in answer.stderr):
                return None
            raise _explain(f"get {kind} {name}", answer)
        found: JsonObject = json.loads(answer.stdout)
        return found

    def list_everywhere(self, kind: str) -> list[JsonObject]:
        """Return the objects of the kind in all namespaces."""
        answer = self._run("get", kind, "--all-namespaces", "-o", "json")
        if answer.exit_code != 0:
            raise _explain(f"get {kind}", answer)
        items: list[JsonObject] = json.loads(answer.stdout)["items"]
        return items

    def patch(self, kind: str, name: str, patch: JsonObject) -> None:
        """Merge `patch` into the object."""
        with self._write(patch) as file:
            self._change("patch", kind, name, "--type=merge", f"--patch-file={file}")

    def create(self, obj: JsonObject) -> None:
        """Create the object."""
        with self._write(obj) as file:
            self._change("create", f"--filename={file}")

    def apply(self, file: Path) -> None:
        """Apply the objects of a YAML file."""
        self._change("apply", f"--filename={file}")

    def delete(self, kind: str, name: str, *, timeout_s: float) -> None:
        """Delete the object and return once it is gone."""
        self._change("delete", kind, name, "--ignore-not-found", f"--timeout={timeout_s:.0f}s", within_s=timeout_s)

    def read_log(self, namespace: str, pod: str, lines: int, *, previous: bool = False) -> list[str]:
        """Return the last lines of a pod's containers (`previous`: of the run before); none without a log."""
        words = ["logs", pod, "--all-containers", f"--tail={lines}", *(["--previous"] if previous else [])]
        answer = self._run(*words, "--namespace", namespace)
        return answer.stdout.splitlines() if answer.exit_code == 0 else []

    @contextmanager
    def _write(self, obj: JsonObject) -> Iterator[Path]:
        file = self._folder / "kubectl-sends.json"
        write_private(file, json.dumps(obj))
        try:
            yield file
        finally:
            file.unlink()

    def _change(self, *words: str, within_s: float = 0.0) -> None:
        self._log.write(f"$ kubectl {' '.join(words)}\n")
        answer = self._run(*words, timeout_s=within_s + _TIMEOUT_S)
        self._log.write("".join(f"{line}\n" for line in (*answer.stdout.splitlines(), *answer.stderr)))
        self._log.flush()
        if answer.exit_code != 0:
            raise _explain(" ".join(words[:3]), answer)

    def _run(self, *words: str, timeout_s: float = _TIMEOUT_S) -> command.Finished:
        return command.run([*self._base, *words], timeout_s=timeout_s)


def _explain(what: str, answer: command.Finished) -> HarnessError:
    return HarnessError(f"kubectl {what}: exit code {answer.exit_code}:\n{answer.last_words()}")
