"""Michelangelo's `sandbox.py`: where it is, what it offers, and one run of it at a time.

It is from a checkout, or the command `ma sandbox` of the package `michelangelo`. It differs between versions
(older ones have no `sync` and no `--wait-timeout`), so what it offers is read from its own help. Never changed,
never imported: it runs as a program, with a kubeconfig of the harness's own, since most of its kubectl calls act
on whatever context is the current one.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets import command
from harness.provision.assets.stage import begin_stage
from harness.sandbox.k3d.options import K3dSettings

IN_CHECKOUT = Path("python/michelangelo/cli/sandbox/sandbox.py")
PACKAGE = "michelangelo"
COMMAND = "ma"

_HELP_TIMEOUT_S = 60.0
_ACTIONS = re.compile(r"\{([a-z][a-z,-]+)\}")
_OPTIONS = re.compile(r"--[a-z][a-z-]+")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Offers:
    """What one `sandbox.py` understands: its actions, and the options of `create`."""

    actions: frozenset[str]
    options: frozenset[str]

    def make_arguments(self, settings: K3dSettings) -> list[str]:
        """Return the arguments of `create` and `sync`; HarnessError where one that is asked for is unknown.

        The time limit is left out where it is unknown: such a `sandbox.py` has a fixed one.
        """
        wanted = {"--exclude": list(settings.exclude)}
        if settings.workflow != K3dSettings.workflow:
            wanted["--workflow"] = [settings.workflow]
        arguments: list[str] = []
        for option, values in wanted.items():
            if values and option not in self.options:
                raise HarnessError(
                    f"--k3d{option[1:]}: this sandbox.py has no {option}",
                    hint=f"It knows {', '.join(sorted(self.options))}; leave the option out, or use a newer one",
                )
            arguments += [option, *values] if values else []
        if "--wait-timeout" in self.options:
            arguments += ["--wait-timeout", str(settings.wait_timeout_s)]
        return arguments


@dataclass(frozen=True)
class SandboxScript:
    """One `sandbox.py`. `label` is what people call it; `manifests` are folders that may hold the schema job."""

    arguments: tuple[str, ...]
    label: str
    manifests: tuple[Path, ...] = ()

    def read_offers(self) -> Offers:
        """Return what it understands; HarnessError where it can't even show its help."""
        actions = _ACTIONS.search(self._read_help())
        if actions is None:
            raise HarnessError(f"{self.label}: its help names no action, so it is no sandbox.py")
        options = _OPTIONS.findall(self._read_help("create"))
        return Offers(frozenset(actions.group(1).split(",")), frozenset(options) - {"--help"})

    def run(
        self,
        action: str,
        arguments: list[str],
        *,
        environment: Mapping[str, str],
        timeout_s: float,
        log: TextIO,
        progress: Progress,
    ) -> command.Finished:
        """Run one action and return what it left, whatever its exit code.

        Each line that it and its programs write goes to `log` and to `progress` as it comes.
        """
        with begin_stage(progress, f"sandbox.py {action}") as stage:
            count = 0

            def show(line: str) -> None:
                nonlocal count
                count += 1
                text = _ESCAPES.sub("", line).rstrip()
                log.write(f"{text}\n")
                log.flush()
                if text:
                    stage.advance(count, text)

            log.write(f"$ {self.label} {' '.join([action, *arguments])}\n")
            finished = command.run(
                [*self.arguments, action, *arguments],
                timeout_s=timeout_s,
                environment={**environment, "PYTHONUNBUFFERED": "1"},
                on_line=show,
                merged=True,
            )
            stage.result = f"exit code {finished.exit_code}" if finished.exit_code else ""
        return command.Finished(finished.exit_code, _ESCAPES.sub("", finished.stdout), finished.stderr)

    def _read_help(self, *action: str) -> str:
        answer = command.run([*self.arguments, *action, "--help"], timeout_s=_HELP_TIMEOUT_S, merged=True)
        if answer.exit_code != 0:
            words = " ".join([self.label, *action, "--help"])
            raise HarnessError(f"{words}: exit code {answer.exit_code}:\n{answer.last_words()}")
        return answer.stdout


def find_script(checkout: Path | None) -> SandboxScript:
    """Return the checkout's `sandbox.py`, without one that of the package `michelangelo`; HarnessError if none."""
    if checkout is not None:
        path = checkout / IN_CHECKOUT
        if not path.is_file():
            raise HarnessError(
                f"--sandbox k3d: the checkout {checkout} has no {IN_CHECKOUT}",
                hint="Name a whole Michelangelo checkout, or none, to use the package michelangelo",
            )
        manifests = (checkout / "scripts/ingester", path.parent / "resources")
        return SandboxScript((sys.executable, "-B", str(path)), str(path), manifests)
    beside = Path(sys.executable).with_name(COMMAND)
    found = str(beside) if beside.is_file() else shutil.which(COMMAND)
    if found is None:
        raise HarnessError(
            "--sandbox k3d: there is no sandbox.py to run: no checkout was named, and `ma` is not on PATH",
            hint="Name a checkout with --michelangelo PATH, or `pip install michelangelo`",
        )
    return SandboxScript((found, "sandbox"), f"{found} sandbox", _find_resources())


def _find_resources() -> tuple[Path, ...]:
    """Return the package's folder of manifests, if it is installed where the harness is; it is not imported."""
    package = importlib.util.find_spec(PACKAGE)
    locations = package.submodule_search_locations if package is not None else None
    return tuple(Path(location) / "cli/sandbox/resources" for location in locations or ())
