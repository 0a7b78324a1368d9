"""The options of a run: one table that declares, reads and spells each, for pytest and for the command line.

Every value is checked here: what comes out of `read_*` can be used as it is. What `spell` returns gives the same
values when it is read again. What the command line does not give, the environment may, or a file
(`harness.cli.configuration`). Declaring them is part of every pytest run of an environment that has the harness,
so nothing heavy is imported before a value is read.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import os
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import SettingsError
from harness.core.progress import Progress
from harness.core.resources import find_resource
from harness.core.settings import (
    REFERENCE,
    ControllerManager,
    Examples,
    SandboxSettings,
    Timeouts,
    parse_mysql_url,
)

if TYPE_CHECKING:
    from harness.cli.configuration import Configuration
    from harness.sandbox.existing.options import ExistingSettings
    from harness.spec.model import Case
    from harness.spec.read import ReadContract
    from harness.suite.session import RunSettings
    from harness.suite.target import Target
    from harness.suite.user_objects import UserObject

PROGRAM = "ingester-acceptance"
PROFILE_OF_REFERENCE = "report-2026-03"
PROFILE_OF_BINARY = "upstream-main"
DEFAULT_SEED = 1
_RESTARTS_S = 90.0   # Kubernetes delays a third restart by 20 s, a fourth by 40 s
_VERDICT_S = 150.0   # with the sandbox's start and the report, a verdict within three minutes
OWN_DATABASE = "own"
_VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
LOCAL, EXISTING, K3D = BACKENDS = ("local", "existing", "k3d")

Add = Callable[..., Any]
"""argparse's `add_argument` or pytest's `addoption`: both take the same words."""


class Group(StrEnum):
    """The headings of `--help`, in their order."""

    SYSTEM = "system under test"
    SANDBOX = "sandbox"
    SELECTION = "selection"
    TIME = "time"
    LIMIT = "limits, with exit code 3 where one is exceeded"
    REPORT = "report"


class Form(StrEnum):
    """How an option is written."""

    VALUE = "--name VALUE"
    REPEATED = "--name VALUE --name VALUE"
    FLAG = "--name"


def _read_as_it_is(value: Any) -> Any:
    return value


def _spell_plainly(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Collect(argparse.Action):
    """Collects what is given, in place of what was configured."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  argparse passes it
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002  likewise
    ) -> None:
        """Add one value to those that were given before."""
        found = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if found is self.default else found), values])


@dataclass(frozen=True)
class Option:
    """One option.

    `read` turns what was given into what a run is made of, and raises SettingsError where it can't; `spell` turns
    it back into the word that was given. `valid` returns the values that there are, where they can be listed: the
    help has them in place of `{valid}`, and a shell completes them. `files` says what else a shell completes.
    """

    name: str
    group: Group
    help: str
    metavar: str = ""
    default: Any = None
    form: Form = Form.VALUE
    type: type[int] | type[float] | None = None
    read: Callable[[Any], Any] = _read_as_it_is
    spell: Callable[[Any], str] = _spell_plainly
    valid: Callable[[], Iterable[str]] | None = None
    files: str = ""   # "file", "directory"

    @property
    def attribute(self) -> str:
        """Where a parser puts the value."""
        return self.name.removeprefix("--").replace("-", "_")

    @property
    def is_flag(self) -> bool:
        """Whether it stands alone, or is denied by `--no-NAME`."""
        return self.form is Form.FLAG

    @property
    def is_repeated(self) -> bool:
        """Whether it may be given several times."""
        return self.form is Form.REPEATED

    def declare(self, add: Add, configured: Any = None) -> None:
        """Declare the option with argparse or pytest; `configured` is its value where it is not given."""
        text = self._list_valid()
        if self.is_flag:
            add(self.name, action=argparse.BooleanOptionalAction, default=bool(configured), help=text)
        elif self.is_repeated:
            add(self.name, action=_Collect, default=configured or [], metavar=self.metavar, help=text)
        else:
            kind = {} if self.type is None else {"type": self.type}
            default = self.default if configured is None else configured
            add(self.name, default=default, metavar=self.metavar, help=text, **kind)

    def fill_help(self) -> str:
        """Return the help with the values that there are, and the usual one."""
        return self._list_valid().replace("%(default)s", str(self.default))

    def _list_valid(self) -> str:
        if "{valid}" not in self.help or self.valid is None:
            return self.help
        return self.help.replace("{valid}", ", ".join(self.valid()))

    def is_unusual(self, value: Any) -> bool:
        """Whether the value is one, and not the usual one."""
        is_empty = value is None or value is False or value in ("", [], ())
        return not is_empty and bool(value != self.default)

    def get_words(self, value: Any) -> list[str]:
        """Return the words that give the option this value; none where it is empty."""
        if value is None or value == []:
            return []
        if self.is_flag:
            return [self.name if value else f"--no-{self.name.removeprefix('--')}"]
        words = [self.spell(each) for each in (value if self.is_repeated else [value])]
        return [part for word in words for part in self._join(word)]

    def _join(self, word: str) -> list[str]:
        return [f"{self.name}={word}"] if word.startswith("-") else [self.name, word]


# How single values are read. Imports stand where they are needed, see above.


def _list_profiles() -> list[str]:
    return sorted(path.stem for path in find_resource("fixtures", "profiles").glob("*.toml"))


def _list_baselines() -> list[str]:
    return sorted(path.stem for path in find_resource("reports", "baselines").glob("*.json"))


def _list_kinds() -> list[str]:
    from harness.spec.kinds import collect_cases  # noqa: PLC0415

    return [case.name.lower() for case in collect_cases()]


def _list_faults() -> list[str]:
    from harness.chapters.faults.catalogue import FAULTS_BY_NAME  # noqa: PLC0415

    return list(FAULTS_BY_NAME)


def _read_controllermgr(value: str) -> ControllerManager:
    if value == REFERENCE:
        return ControllerManager()
    path = Path(value).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise SettingsError(
            f"--controllermgr: {value!r} {what}",
            hint=f"Valid: {REFERENCE}, or the path of an executable, built by `go build ./cmd/controllermgr`",
        )
    if not os.access(path, os.X_OK):
        raise SettingsError(f"--controllermgr: {value!r} is not executable", hint=f"chmod +x {value}")
    return ControllerManager(path.resolve())


def _read_path(option: str, is_right: Callable[[Path], bool], what: str, value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser()
    if not is_right(path):
        raise SettingsError(f"{option}: {value!r} is not {what} that exists", hint="Valid: an existing path")
    return path.resolve()


def _read_overrides(words: Sequence[str]) -> tuple[tuple[str, Any], ...]:
    from harness.sandbox.local.servers.baseyaml import parse_override  # noqa: PLC0415

    return tuple(parse_override(word) for word in words)


def _read_objects(words: Sequence[str]) -> tuple[UserObject, ...]:
    from harness.suite.user_objects import read_user_objects  # noqa: PLC0415

    return read_user_objects(words)


def _read_examples(word: str) -> Examples:
    count, at, seed = word.partition("@")
    try:
        examples = Examples(int(count), int(seed) if at else Examples.seed)
    except ValueError:
        examples = Examples(-1)
    if examples.count < 0 or examples.seed < 0:
        raise SettingsError(f"--examples: {word!r} has not the form N[@SEED]", hint="Valid: 0, 200 or 200@7, say")
    return examples


def _read_features(words: Sequence[str]) -> dict[str, str]:
    """Return the features by name. Which there are is not checked: a version may have one that nobody knows."""
    features = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and name.strip() and value.strip()):
            from harness.spec.features import FEATURES  # noqa: PLC0415

            known = ", ".join(f"{name}={'|'.join(values)}" for name, values in FEATURES.items())
            raise SettingsError(
                f"--feature: {word!r} has not the form NAME=VALUE", hint=f"The checks know {known}"
            )
        features[name.strip()] = value.strip()
    return features


def _read_backend(value: str) -> str:
    if value not in BACKENDS:
        raise SettingsError.unknown("--sandbox", value, BACKENDS)
    return value


def _spell_url(value: str) -> str:
    """Return the URL without a password, which `parse_mysql_url` refuses anyway."""
    parts = urllib.parse.urlsplit(value)
    if parts.password is None:
        return value
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl()


def _read_api_server(value: str | None) -> str:
    if value is None:
        return ""
    from harness.clients.michelangelo.client import parse_address  # noqa: PLC0415
    from harness.clients.michelangelo.package import find_missing  # noqa: PLC0415

    parse_address(value, "--api-server")
    if missing := find_missing():
        raise SettingsError(f"--api-server: {missing}")
    return value


def _read_time(option: str, unit: str, value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise SettingsError(f"{option}: {value:g} is no time; give {unit} above 0")
    return value


def _read_verdict_time(value: float) -> float:
    if value < 0:
        raise SettingsError(f"--verdict-within: {value:g} is no time; give seconds, or 0 for no limit")
    return value


def _read_jobs(value: int | None) -> int | None:
    if value is not None and value < 1:
        raise SettingsError(f"--jobs: {value} is no number of processes; give 1 or more")
    return value


def _read_sample(value: float) -> float:
    """Return the share, from 0 to 1."""
    if not 0 < value <= 100:
        raise SettingsError(f"--sample: {value:g} is no share", hint="Valid: per cent, above 0 and up to 100")
    return value / 100


@dataclass(frozen=True)
class Shard:
    """The `index`-th of `number` parts, from 1 on."""

    index: int
    number: int

    def __str__(self) -> str:
        """Return it as the option takes it."""
        return f"{self.index}/{self.number}"

    def choose(self, kinds: Sequence[Any]) -> list[Any]:
        """Return the kinds of this part; SettingsError where there are fewer kinds than parts."""
        if self.number > len(kinds):
            raise SettingsError(
                f"--shard: {self} has more parts than there are kinds, {len(kinds)}",
                hint=f"Valid: up to {len(kinds)} parts; --namespace divides a kind",
            )
        return list(kinds[self.index - 1 :: self.number])


def _read_shard(value: str | None) -> Shard | None:
    if value is None:
        return None
    index, _, number = value.partition("/")
    if index.isdecimal() and number.isdecimal() and 0 < int(index) <= int(number):
        return Shard(int(index), int(number))
    raise SettingsError(f"--shard: {value!r} is no I/N", hint="Valid: such as 2/4, the second of four parts")


_SHAPES = ("steady", "ramp", "burst")


def _read_shape(value: str | None) -> str | None:
    if value is not None and value not in _SHAPES:
        raise SettingsError.unknown("--shape", value, _SHAPES)
    return value


def _read_mix(value: str) -> dict[str, float]:
    from harness.load.plan import parse_mix  # noqa: PLC0415

    try:
        return parse_mix(value)
    except ValueError as error:
        raise SettingsError(f"--mix: {error}", hint="Valid: such as create=60,patch=30,delete=10") from error


def _read_number(option: str, least: int, most: int, value: int) -> int:
    if not least <= value <= most:
        raise SettingsError(f"{option}: {value} is out of range", hint=f"Valid: {least} to {most}")
    return value


def _read_backfills(words: Sequence[str]) -> list[int]:
    for word in words:
        if not word.isdecimal() or not int(word):
            raise SettingsError(f"--backfill: {word!r} is no number of objects", hint="Valid: such as 10000")
    return [int(word) for word in words]


def _read_seeds(word: str) -> list[int]:
    from harness.campaign.plan import parse_seeds  # noqa: PLC0415

    try:
        return parse_seeds(word)
    except ValueError as error:
        raise SettingsError(f"--seeds: {error}", hint="Valid: such as 1-20, or 3,5,8-9") from error


def name_version(word: str) -> str:
    """Return what a version is called that has been given no name: the end of its path."""
    return re.sub(r"[^A-Za-z0-9._@-]+", "-", word.rstrip("/").rpartition("/")[2])


def _read_versions(words: Sequence[str]) -> dict[str, str]:
    """Return what each version is, by its name, which is made of that where none is given."""
    versions: dict[str, str] = {}
    for word in words:
        given, equals, what = word.partition("=")
        if not (equals and _VERSION_NAME.fullmatch(given)):
            given, what = name_version(word), word
        if not (given and what):
            raise SettingsError(f"--version: {word!r} has not the form [NAME=]WHAT")
        if given in versions:
            raise SettingsError(f"--version: two are called {given!r}", hint="Give them names: NAME=WHAT")
        versions[given] = what
    return versions


def _read_databases(words: Sequence[str]) -> dict[str, str | None]:
    """Return the URL of each database, by its name, None where each sandbox has its own."""
    databases: dict[str, str | None] = {}
    for word in words or [OWN_DATABASE]:
        if word == OWN_DATABASE:
            databases[word] = None
        else:
            endpoint = parse_mysql_url(word, "--database")
            databases[f"{endpoint.host}:{endpoint.port}/{endpoint.database}"] = word
    return databases


def _read_outage(value: float | None) -> float | None:
    if value is not None and value < 0:
        raise SettingsError(f"--outage: {value:g} is no time; give seconds")
    return value



TARGET_OPTIONS = (
    Option(
        "--controllermgr",
        Group.SYSTEM,
        "the system under test: the bundled reference (default), or a controller manager's executable",
        "reference|PATH",
        default=REFERENCE,
        read=_read_controllermgr,
        files="file",
    ),
    Option(
        "--michelangelo",
        Group.SYSTEM,
        "a Michelangelo checkout: its controller manager and API server are built and tested",
        "PATH|URL[@REF]",
        files="directory",
    ),
    Option(
        "--profile",
        Group.SYSTEM,
        f"the behaviour to expect: {{valid}}; default {PROFILE_OF_REFERENCE} for the reference, else the one that "
        f"fits what can be read, {PROFILE_OF_BINARY} where nothing decides",
        "NAME",
        valid=_list_profiles,
    ),
    Option(
        "--crds",
        Group.SYSTEM,
        "folder of CRD YAML to install instead of the bundled one",
        "DIR",
        read=functools.partial(_read_path, "--crds", Path.is_dir, "a folder"),
        files="directory",
    ),
    Option(
        "--schema",
        Group.SYSTEM,
        "SQL of the tables instead of the bundled one: a file of it, or the YAML of a ConfigMap",
        "FILE",
        read=functools.partial(_read_path, "--schema", Path.is_file, "a file"),
        files="file",
    ),
    Option(
        "--feature",
        Group.SYSTEM,
        "what the version does differently, such as finalizer=ingester, whatever was read (repeatable)",
        "NAME=VALUE",
        form=Form.REPEATED,
        read=_read_features,
    ),
    Option(
        "--set",
        Group.SYSTEM,
        "a key of the local sandbox's base.yaml, such as ingester.requeuePeriod=5s (repeatable)",
        "KEY=VALUE",
        form=Form.REPEATED,
        read=_read_overrides,
    ),
    Option(
        "--sandbox",
        Group.SANDBOX,
        "where the system runs: processes of this machine (default), a cluster that exists, or k3d",
        "|".join(BACKENDS),
        default=LOCAL,
        read=_read_backend,
        valid=lambda: BACKENDS,
    ),
    Option(
        "--mysql-url",
        Group.SANDBOX,
        "a MySQL server that runs already: mysql://USER@HOST:PORT/DATABASE; password in MYSQL_PASSWORD",
        "URL",
        read=lambda value: parse_mysql_url(value) if value else None,
        spell=_spell_url,
    ),
    # --sandbox existing; `harness.sandbox.existing.options` reads them
    Option(
        "--context",
        Group.SANDBOX,
        "the kubeconfig's context to test; the current one is never taken silently",
        "NAME",
    ),
    Option(
        "--kubeconfig",
        Group.SANDBOX,
        "the kubeconfig file (default: KUBECONFIG, else ~/.kube/config)",
        "FILE",
        files="file",
    ),
    Option(
        "--mysql-port-forward",
        Group.SANDBOX,
        "reach MySQL through this service of the cluster, by the Kubernetes API; user, database and TLS then come "
        "from --mysql-url (default: mysql://root@SERVICE/michelangelo)",
        "SERVICE[.NAMESPACE][:PORT]",
    ),
    Option(
        "--controllermgr-pod",
        Group.SANDBOX,
        "the controller manager's pod, or its Deployment (default: michelangelo-controllermgr)",
        "[NAMESPACE/]NAME|[NAMESPACE/]LABEL=VALUE",
    ),
    Option(
        "--controllermgr-log",
        Group.SANDBOX,
        "its log where it runs outside of the cluster: a file, or the folder of a local sandbox",
        "FILE|DIR",
        files="file",
    ),
    Option(
        "--yes-this-cluster",
        Group.SANDBOX,
        "test a context that looks like production: repeats the name given with --context",
        "NAME",
    ),
    # --sandbox k3d; `harness.sandbox.k3d.options` reads them
    Option(
        "--k3d-existing",
        Group.SANDBOX,
        "what to do with a sandbox cluster that is there: use it as it is (default), deploy Michelangelo's "
        "services in it again, or delete it and make a new one",
        "reuse|sync|recreate",
        default="reuse",
        valid=lambda: ("reuse", "sync", "recreate"),
    ),
    Option(
        "--k3d-exclude",
        Group.SANDBOX,
        "leave a service out of a new cluster (repeatable): {valid}",
        "SERVICE",
        form=Form.REPEATED,
        valid=lambda: ("ui", "worker", "prometheus", "grafana", "ray", "spark"),
    ),
    Option(
        "--k3d-workflow",
        Group.SANDBOX,
        "workflow engine of a new cluster (default: %(default)s)",
        "cadence|temporal",
        default="cadence",
        valid=lambda: ("cadence", "temporal"),
    ),
    Option(
        "--k3d-wait-timeout",
        Group.TIME,
        "how long each wait for pods and jobs of the k3d sandbox may take (default: %(default)s)",
        "SECONDS",
        default=600,
        type=int,
    ),
)
"""What is tested, and where it runs."""

RUN_OPTIONS = (
    *TARGET_OPTIONS,
    Option(
        "--cover",
        Group.SYSTEM,
        "with --michelangelo: the report says which lines of its Ingester ran, and which never did",
        form=Form.FLAG,
    ),
    Option(
        "--api-server",
        Group.SYSTEM,
        "Michelangelo's API server (gRPC) of a cluster that exists; the local sandbox has its own",
        "HOST:PORT",
        read=_read_api_server,
    ),
    Option(
        "--keep-sandbox",
        Group.SANDBOX,
        "leave the sandbox up, and use one with the same settings that was left up; else a run makes its own",
        form=Form.FLAG,
    ),
    Option(
        "--crd",
        Group.SELECTION,
        "test this kind only (repeatable): a kind, plural, number or template name, in any case",
        "KIND",
        form=Form.REPEATED,
        read=tuple,
        valid=_list_kinds,
    ),
    Option(
        "--objects",
        Group.SELECTION,
        "objects of your own to test as well: files of YAML or JSON, and folders of them (repeatable)",
        "PATH",
        form=Form.REPEATED,
        read=_read_objects,
        files="file",
    ),
    Option(
        "--examples",
        Group.SELECTION,
        "random objects for each kind in 9.8, and the seed that they are drawn from (default: %(default)s)",
        "N[@SEED]",
        default=f"{Examples.count}@{Examples.seed}",
        read=_read_examples,
    ),
    Option(
        "--sync-timeout",
        Group.TIME,
        "how long a write may take to reach MySQL (default: %(default)s)",
        "SECONDS",
        default=Timeouts.sync_s,
        type=float,
        read=functools.partial(_read_time, "--sync-timeout", "seconds"),
    ),
    Option(
        "--verdict-within",
        Group.TIME,
        "a run that has failed ends so long after its first check, the others stay NOT RUN (default: %(default)s; "
        "0: carry out all)",
        "SECONDS",
        default=_VERDICT_S,
        type=float,
        read=_read_verdict_time,
    ),
    Option(
        "--reports",
        Group.REPORT,
        "folder for the reports (default: reports)",
        "DIR",
        default="reports",
        files="directory",
    ),
    Option(
        "--baseline",
        Group.REPORT,
        "record to compare with, of those that come with the harness (default: the seed report's): {valid}",
        "NAME",
        valid=_list_baselines,
    ),
    Option(
        "--allow-stale-known-issues",
        Group.REPORT,
        "a known issue that does not show is a warning, not a failure, also where --profile names the version",
        form=Form.FLAG,
    ),
)
"""What an acceptance run takes."""

SOAK_OPTIONS = (
    *(option for option in RUN_OPTIONS if option.attribute != "verdict_within"),
    Option(
        "--fault",
        Group.SELECTION,
        "this one only; without --minutes several are injected at once (repeatable): {valid}",
        "NAME",
        form=Form.REPEATED,
        valid=_list_faults,
    ),
    Option(
        "--seed",
        Group.SELECTION,
        "of the load and of the order of faults (default: %(default)s)",
        "S",
        default=DEFAULT_SEED,
        type=int,
    ),
    Option(
        "--shrink",
        Group.SELECTION,
        "repeat a failing round with ever fewer kinds, as long as it fails",
        form=Form.FLAG,
    ),
    Option(
        "--minutes",
        Group.TIME,
        "how long (default: 10; with --fault: one round of it)",
        "N",
        type=float,
        read=functools.partial(_read_time, "--minutes", "minutes"),
    ),
    Option(
        "--outage",
        Group.TIME,
        "how long the fault of one round holds",
        "SECONDS",
        type=float,
        read=_read_outage,
    ),
)
"""What a soak takes."""

_OF_AUDIT = (
    "michelangelo", "profile", "crds", "schema", "feature", "sandbox", "mysql_url", "context", "kubeconfig",
    "mysql_port_forward", "crd",
)  # fmt: skip

AUDIT_OPTIONS = (
    *(option for option in RUN_OPTIONS if option.attribute in _OF_AUDIT),
    Option("--namespace", Group.SELECTION, "audit this namespace only (default: all)", "NAME"),
    Option(
        "--selector",
        Group.SELECTION,
        "audit the objects with these labels only; rows without an object are then not looked for",
        "LABEL=VALUE",
    ),
    Option(
        "--sample",
        Group.SELECTION,
        "compare the content of so many per cent of the objects, and keys and versions of all (default: 100)",
        "PERCENT",
        default=100.0,
        type=float,
        read=_read_sample,
    ),
    Option(
        "--shard",
        Group.SELECTION,
        "audit the I-th of N parts of the kinds; --merge puts the results together",
        "I/N",
        read=_read_shard,
    ),
    Option(
        "--grace",
        Group.TIME,
        "how long a row may be late (default: %(default)s)",
        "SECONDS",
        default=30.0,
        type=float,
        read=functools.partial(_read_time, "--grace", "seconds"),
    ),
    Option(
        "--stuck-after",
        Group.TIME,
        "how long the Ingester may hold an object that is being deleted (default: %(default)s)",
        "SECONDS",
        default=300.0,
        type=float,
        read=functools.partial(_read_time, "--stuck-after", "seconds"),
    ),
    Option(
        "--rate",
        Group.TIME,
        "read no more than so many objects or rows a second (default: as many as the servers like to give)",
        "N",
        type=float,
        read=functools.partial(_read_time, "--rate", "a number"),
    ),
    Option(
        "--jobs",
        Group.TIME,
        "read so many kinds side by side, each in a process of its own (default: two, where there are two cores)",
        "N",
        type=int,
        read=_read_jobs,
    ),
    Option(
        "--watch",
        Group.TIME,
        "audit again and again, with this pause in between, until Ctrl-C; a line for each round",
        "SECONDS",
        type=float,
        read=functools.partial(_read_time, "--watch", "seconds"),
    ),
    Option(
        "--output",
        Group.REPORT,
        "folder for what is found (default: %(default)s)",
        "DIR",
        default="audit",
        files="directory",
    ),
    Option(
        "--resume",
        Group.REPORT,
        "go on with the audit in that folder, which was interrupted or could not read everything",
        form=Form.FLAG,
    ),
    Option(
        "--merge",
        Group.REPORT,
        "audit nothing: put the results in these folders together (repeatable)",
        "DIR",
        form=Form.REPEATED,
        files="directory",
    ),
    Option(
        "--show-values",
        Group.REPORT,
        "show what users have written; else values are redacted, and only where they differ is said",
        form=Form.FLAG,
    ),
    Option(
        "--decode-proto",
        Group.REPORT,
        "decode the proto column and compare it with the object, field by field; needs the extra michelangelo",
        form=Form.FLAG,
    ),
)
"""What an audit takes."""

_NOT_OF_LOAD = (
    "api_server", "keep_sandbox", "objects", "examples", "verdict_within", "reports", "baseline",
    "allow_stale_known_issues",
)  # fmt: skip

LOAD_OPTIONS = (
    *(option for option in RUN_OPTIONS if option.attribute not in _NOT_OF_LOAD),
    Option(
        "--shape",
        Group.SELECTION,
        "how the rate goes over time: {valid}; in ten steps up to it, in bursts at it (default: steady)",
        "|".join(_SHAPES),
        read=_read_shape,
        valid=lambda: _SHAPES,
    ),
    Option(
        "--mix",
        Group.SELECTION,
        "shares of the writes (default: %(default)s)",
        "create=N,patch=N,delete=N",
        default="create=40,patch=40,delete=20",
        read=_read_mix,
    ),
    Option(
        "--size",
        Group.SELECTION,
        "bytes of JSON that each object has at the least, by annotations (default: as the templates are)",
        "BYTES",
        default=0,
        type=int,
        read=functools.partial(_read_number, "--size", 0, 200_000),
    ),
    Option(
        "--labels",
        Group.SELECTION,
        "so many more labels on each object (default: %(default)s)",
        "N",
        default=0,
        type=int,
        read=functools.partial(_read_number, "--labels", 0, 10_000),
    ),
    Option(
        "--workers",
        Group.SELECTION,
        "Locust processes that make the load (default: %(default)s)",
        "N",
        default=2,
        type=int,
        read=functools.partial(_read_number, "--workers", 1, 256),
    ),
    Option(
        "--backfill",
        Group.SELECTION,
        "instead of a load, unless --shape asks for one as well: create so many objects while the controller "
        "manager is down, and time what it does at its start (repeatable)",
        "N",
        form=Form.REPEATED,
        read=_read_backfills,
    ),
    Option(
        "--runs",
        Group.SELECTION,
        "so many loads, each in a sandbox of its own (default: %(default)s)",
        "N",
        default=1,
        type=int,
        read=functools.partial(_read_number, "--runs", 1, 100),
    ),
    Option(
        "--duration",
        Group.TIME,
        "how long a load is (default: %(default)s)",
        "SECONDS",
        default=60.0,
        type=float,
        read=functools.partial(_read_time, "--duration", "seconds"),
    ),
    Option(
        "--metrics-url",
        Group.SYSTEM,
        "where the controller manager of a cluster serves its metrics; the local sandbox knows",
        "URL",
    ),
    *(
        Option(
            name,
            Group.LIMIT,
            text,
            metavar,
            default=default,
            type=float,
            read=functools.partial(_read_time, name, "a limit"),
        )
        for name, metavar, default, text in (
            ("--max-p99", "SECONDS", None, "in which 99 %% of each kind of write reach MySQL"),
            ("--max-backlog", "N", None, "writes that have no row at one moment"),
            ("--max-catch-up", "SECONDS", 120.0, "from the last write to the last row (default: %(default)s)"),
            ("--max-memory", "MIB", None, "memory of the controller manager"),
            ("--max-growth", "KIB", None, "growth of that memory for each write"),
            ("--min-rate", "N", None, "writes a second that are done, at the least"),
            ("--min-rate-below-p99", "N", None, "the highest rate with p99 within --max-p99, at the least"),
            ("--max-backfill", "SECONDS", None, "from the controller manager's start to --backfill's last row"),
        )
    ),
)
"""What a load takes, beside what `harness.cli.load` declares of its own."""

_OF_CAMPAIGN = (
    "controllermgr", "michelangelo", "profile", "crds", "schema", "feature", "set", "crd", "sync_timeout", "fault",
    "outage",
)  # fmt: skip

CAMPAIGN_OPTIONS = (
    *(option for option in SOAK_OPTIONS if option.attribute in _OF_CAMPAIGN),
    Option(
        "--version",
        Group.SYSTEM,
        "a version to test, in place of --controllermgr and --michelangelo (repeatable): the reference, a "
        "controller manager's executable, a checkout, or a repository",
        "[NAME=]reference|PATH|URL[@REF]",
        form=Form.REPEATED,
        read=_read_versions,
        files="file",
    ),
    Option(
        "--database",
        Group.SANDBOX,
        f"a database to test with (repeatable): each sandbox's {OWN_DATABASE} (default), or a server that runs "
        "already, as with --mysql-url; it has one round at a time",
        f"{OWN_DATABASE}|URL",
        form=Form.REPEATED,
        read=_read_databases,
        spell=_spell_url,
    ),
    Option(
        "--parallel",
        Group.SANDBOX,
        "rounds side by side (default: one for each processor, of this machine or of the cluster)",
        "N",
        type=int,
        read=lambda value: None if value is None else _read_number("--parallel", 1, 10_000, value),
    ),
    Option(
        "--address",
        Group.SANDBOX,
        "a Ray cluster that is there: HOST:PORT, or auto (default: Ray on this machine, started for the campaign)",
        "HOST:PORT|auto",
    ),
    Option(
        "--seeds",
        Group.SELECTION,
        "of the rounds of each fault (default: %(default)s)",
        "A-B,C",
        default="1-10",
        read=_read_seeds,
    ),
    Option(
        "--retries",
        Group.SELECTION,
        "how often a round that has no verdict is run again (default: %(default)s)",
        "N",
        default=3,
        type=int,
        read=functools.partial(_read_number, "--retries", 0, 100),
    ),
    Option(
        "--round-timeout",
        Group.TIME,
        "how long one round may take, its sandbox's start and end included (default: %(default)s)",
        "SECONDS",
        default=600.0,
        type=float,
        read=functools.partial(_read_time, "--round-timeout", "seconds"),
    ),
)
"""What a campaign takes, beside what `harness.cli.campaign` declares of its own."""

OPTIONS = {
    option.attribute: option
    for option in (*RUN_OPTIONS, *SOAK_OPTIONS, *AUDIT_OPTIONS, *LOAD_OPTIONS, *CAMPAIGN_OPTIONS)
}


def get_configuration() -> Configuration:
    """Return what file and environment configure; SettingsError names what is wrong there."""
    from harness.cli.configuration import load_configuration  # noqa: PLC0415

    return load_configuration(OPTIONS.values())


# Declare.


def add_options(open_group: Callable[[str], Add], options: Iterable[Option] = RUN_OPTIONS) -> None:
    """Declare the options, each under its heading; `open_group` begins one and returns what adds options to it."""
    values = get_configuration().values
    for group in Group:
        chosen = [option for option in options if option.group is group]
        if chosen:
            add = open_group(group)
            for option in chosen:
                option.declare(add, values.get(option.attribute))


def add_to_parser(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Declare the options with argparse."""
    add_options(lambda title: parser.add_argument_group(title).add_argument, options)


# Spell.


def get_given(options: argparse.Namespace, among: Iterable[Option] | None = None) -> dict[str, Any]:
    """Return the options whose values are not the usual ones, or were configured, by attribute.

    They are `among` those that the namespace was read for: all of ours, where nothing is said. Pytest's has things
    of its own, which other commands' options may share a name with.
    """
    known = OPTIONS if among is None else {option.attribute: option for option in among}
    given = {name: getattr(options, name, option.default) for name, option in known.items()}
    configured = get_configuration().values
    return {
        name: value
        for name, value in given.items()
        if known[name].is_unusual(value) or (name in configured and hasattr(options, name))
    }


def spell(options: argparse.Namespace | Mapping[str, Any], **changes: Any) -> list[str]:
    """Return the words that give these options again; those with their usual values are left out.

    `options` is what a parser read, or what `get_given` kept of it. `changes` are spelled in place of what was
    given, also where that is the usual value; None leaves an option out. No password is among the words.
    """
    given = {**(options if isinstance(options, Mapping) else get_given(options)), **changes}
    return [word for name, option in OPTIONS.items() for word in option.get_words(given.get(name))]


def spell_round(
    options: argparse.Namespace | Mapping[str, Any],
    cases: Sequence[Case] | None,
    faults: Sequence[str],
    seed: int,
    outage_s: float,
) -> str:
    """Return the command that repeats one round of faults; the password of a MySQL server has to be added.

    Without `cases` it is of the kinds that the options name.
    """
    changes: dict[str, Any] = {"fault": list(faults), "seed": seed, "outage": outage_s}
    changes |= dict.fromkeys(("minutes", "shrink", "verdict_within"))   # are not of one round
    if cases is not None:
        kinds = [case.name.lower() for case in cases]
        changes["crd"] = [] if sorted(kinds) == sorted(_list_kinds()) else kinds
    return shlex.join([PROGRAM, "soak", *spell(options, **changes)])


# Read.


def read_value(options: argparse.Namespace, attribute: str) -> Any:
    """Return the option's value as a run is made of it; SettingsError where it is wrong."""
    option = OPTIONS[attribute]
    with _naming_source(options, attribute):
        return option.read(getattr(options, attribute, [] if option.is_repeated else option.default))


@contextlib.contextmanager
def _naming_source(options: argparse.Namespace, attribute: str) -> Iterator[None]:
    """Say in an error about the option where its value is from, if that is not the command line."""
    try:
        yield
    except SettingsError as error:
        configuration = get_configuration()
        source = configuration.sources.get(attribute)
        if source is None or getattr(options, attribute, None) != configuration.values[attribute]:
            raise
        raise SettingsError(f"{error.problem} (from {source})", hint=error.hint) from error


def read_target(options: argparse.Namespace, progress: Progress) -> Target:
    """Return what the options point at; a checkout is built. SettingsError names the option that is wrong."""
    from harness.provision.checkout.reading import read_files  # noqa: PLC0415
    from harness.suite.target import Target, prepare_michelangelo  # noqa: PLC0415

    _give_way(options)
    target = Target(
        sandbox=read_sandbox_settings(options),
        profile=read_profile(options),
        features=read_value(options, "feature"),
    )
    backend = read_value(options, "sandbox")
    if backend == EXISTING:
        from harness.sandbox.existing.options import read_existing_settings  # noqa: PLC0415
        from harness.sandbox.existing.reading import read_cluster  # noqa: PLC0415

        _refuse_with(EXISTING, options)
        place = read_existing_settings(options)
        label = f"the cluster of context {place.context.name}"
        return _add_contract(dataclasses.replace(target, place=place, label=label), options, read_cluster(place))
    if backend == K3D:
        from harness.provision.assets.cache import Cache  # noqa: PLC0415
        from harness.provision.checkout.checkout import find_checkout  # noqa: PLC0415
        from harness.sandbox.k3d.options import read_k3d_settings  # noqa: PLC0415

        _refuse_with(K3D, options)
        checkout = find_checkout(options.michelangelo, Cache(), progress).path if options.michelangelo else None
        return dataclasses.replace(
            target,
            place=read_k3d_settings(options),
            profile=read_profile(options),
            checkout=checkout,
            label="the k3d sandbox",
        )
    if options.michelangelo:
        for name in _NOT_WITH_CHECKOUT:
            if _is_unusual(options, name):
                problem = f"--michelangelo and {OPTIONS[name].name} exclude each other"
                raise SettingsError(problem, hint="Give one of them")
        cover = _read_cover(options)
        return prepare_michelangelo(target, options.michelangelo, options.profile, progress, cover=cover)
    if _read_cover(options):
        raise SettingsError("--cover counts what runs of a checkout", hint="Name it with --michelangelo")
    read = read_files(target.sandbox.crds, target.sandbox.schema)
    return target if read is None else _add_contract(target, options, read)


def point_at(options: argparse.Namespace, word: str) -> argparse.Namespace | None:
    """Return the options with the system under test that `word` names; None where it is no file, folder or URL."""
    path, chosen = Path(word).expanduser(), argparse.Namespace(**vars(options))
    if word == REFERENCE or path.is_file():
        chosen.controllermgr, chosen.michelangelo = word, None
    elif path.is_dir() or "://" in word:
        chosen.controllermgr, chosen.michelangelo = REFERENCE, word
    else:
        return None
    return chosen


def _read_cover(options: argparse.Namespace) -> bool:
    """Return whether it is to be counted what runs, for which the controller manager has to end."""
    wanted = bool(read_value(options, "cover"))
    if wanted and getattr(options, "keep_sandbox", False):
        raise SettingsError("--cover ends what --keep-sandbox keeps", hint="Leave one of them out")
    return wanted


def _add_contract(target: Target, options: argparse.Namespace, read: ReadContract) -> Target:
    """Return the target with what was read of its version, and the profile that goes with it."""
    profile, reason = choose_profile_for(options, read)
    return dataclasses.replace(
        target,
        sandbox=dataclasses.replace(target.sandbox, profile=profile),
        profile=profile,
        pins={"profile": f"{profile}: {reason}"},
        read=read,
    )


def read_place(options: argparse.Namespace) -> SandboxSettings | ExistingSettings:
    """Return what the preflight is to examine, which may look at production: it changes nothing."""
    if read_value(options, "sandbox") != EXISTING:
        return read_sandbox_settings(options)
    from harness.sandbox.existing.options import read_existing_settings  # noqa: PLC0415

    return read_existing_settings(options, guarded=False)


_NOT_WITH_CHECKOUT = ("controllermgr", "crds", "schema")
_WITHOUT_EFFECT = {
    EXISTING: ("michelangelo", "cover", "set", "crds", "schema"),
    K3D: ("cover", "set", "crds", "schema", "mysql_url"),
}
"""Options that say nothing to a backend."""


def _refuse_with(backend: str, options: argparse.Namespace) -> None:
    for name in _WITHOUT_EFFECT[backend]:
        if getattr(options, name, None):
            with _naming_source(options, name):
                raise SettingsError(
                    f"{OPTIONS[name].name} has no effect with --sandbox {backend}", hint="Leave it out"
                )


def _give_way(options: argparse.Namespace) -> None:
    """Take back what was configured where the command line gives what excludes it."""
    excluding = [("michelangelo", name) for name in _NOT_WITH_CHECKOUT if options.sandbox == LOCAL]
    excluding += [(name, "sandbox") for name in _WITHOUT_EFFECT.get(options.sandbox, ())]
    configured = get_configuration().values
    for pair in excluding:
        theirs = [name for name in pair if name in configured and getattr(options, name) == configured[name]]
        if len(theirs) == 1 and all(_is_unusual(options, name) for name in pair):
            option = OPTIONS[theirs[0]]
            setattr(options, option.attribute, [] if option.is_repeated else option.default)


def _is_unusual(options: argparse.Namespace, name: str) -> bool:
    value = getattr(options, name, None)
    return bool(value) and value != OPTIONS[name].default


def read_sandbox_settings(options: argparse.Namespace) -> SandboxSettings:
    """Return the sandbox that the options ask for; SettingsError names the option that is wrong."""
    return SandboxSettings(
        controllermgr=read_value(options, "controllermgr"),
        profile=read_profile(options),
        crds=read_value(options, "crds"),
        schema=read_value(options, "schema"),
        mysql=read_value(options, "mysql_url"),
        base_yaml_overrides=read_value(options, "set"),
    )


def read_profile(options: argparse.Namespace) -> str:
    """Return the profile's name: the one asked for, else the usual one of the system under test."""
    from harness.spec.profiles import load_profile  # noqa: PLC0415

    default = PROFILE_OF_REFERENCE if _is_reference(options) else PROFILE_OF_BINARY
    with _naming_source(options, "profile"):
        return load_profile(options.profile or default).name


def choose_profile_for(options: argparse.Namespace, read: ReadContract) -> tuple[str, str]:
    """Return the profile that was asked for, else the one that fits best what was read; and why it is that one.

    The reference is none that evidence could be found of: it is what its profile says.
    """
    from harness.provision.checkout.evidence import choose_profile  # noqa: PLC0415

    if options.profile:
        return read_profile(options), "as asked"
    if _is_reference(options):
        return read_profile(options), "the reference's"
    choice = choose_profile(read, usual=PROFILE_OF_BINARY)
    return choice.profile, choice.explain()


def explain_tolerance(options: argparse.Namespace) -> str:
    """Return why a known issue that does not show is no failure; '' where it is one.

    Of a version that nobody named, the profile's known issues are what the version is likely to have: one that has
    mended some of them is a right one.
    """
    if read_value(options, "allow_stale_known_issues"):
        return "--allow-stale-known-issues says so"
    is_named = options.profile or (_is_reference(options) and not options.michelangelo)
    return "" if is_named else "no --profile says that this version has it"


def _is_reference(options: argparse.Namespace) -> bool:
    return bool(options.sandbox == LOCAL and options.controllermgr == REFERENCE)


def read_run_settings(options: argparse.Namespace, progress: Progress) -> RunSettings:
    """Return the run that the options ask for; SettingsError names the option that is wrong."""
    from harness.suite.session import RunSettings  # noqa: PLC0415

    timeouts = _read_timeouts(options)
    return RunSettings(
        target=read_target(options, progress),
        words=tuple(read_value(options, "crd")),
        keep_sandbox=read_value(options, "keep_sandbox"),
        stale_tolerated=explain_tolerance(options),
        objects=read_value(options, "objects"),
        examples=read_value(options, "examples"),
        api_server=read_value(options, "api_server"),
        timeouts=timeouts,
        verdict_s=read_value(options, "verdict_within"),
        format_soak_command=functools.partial(spell_round, get_given(options, RUN_OPTIONS)),
    )


def _read_timeouts(options: argparse.Namespace) -> Timeouts:
    """Return how long to wait: a cluster delays its restarts by 10 s and more, a local sandbox by less."""
    usual = Timeouts(sync_s=read_value(options, "sync_timeout"))
    if options.sandbox != LOCAL:
        usual = dataclasses.replace(usual, issue_s=_RESTARTS_S, registration_s=_RESTARTS_S)
    return dataclasses.replace(usual, **get_configuration().timeouts)
