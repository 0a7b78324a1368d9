"""What a given version of the system is expected to do, read from a TOML file: a bundled one, or a user's own.

A file may extend another profile, which it then repeats in nothing: what it says stands beside what that one says,
or in its place.

    title            what the version is
    extends          the name of a bundled profile, or the path of a file, from this file's folder on
    kinds                the kinds that the Ingester mirrors; without it all that the harness knows
    tables               how their tables are named: a value of `harness.spec.naming.Naming`
    immutable_kinds      kinds whose objects leave Kubernetes once they are in MySQL
    retained_kinds       kinds whose rows stay live with their final state, once their objects are deleted
    mysql_primary_kinds  kinds that are never in Kubernetes
    known_issues         ids of known issues of the report's chapters
    fixed                ids, of the extended profile, of issues that this version no longer has
    [features]           features of `harness.spec.features` and others, each with its value
    [[known_issue]]      an issue of the user's own: the fields of `harness.core.known_issue.KnownIssue`

A configuration file (`ingester-acceptance.toml`, or a project's `pyproject.toml`) has the same in a table
`profile`. Anything else in it is an error. Which ids there are, the chapters know; here they are words.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.errors import SettingsError
from harness.core.known_issue import Action, KnownIssue
from harness.core.resources import find_resource
from harness.spec.kinds import collect_cases
from harness.spec.naming import Naming

PROFILES_FOLDER = find_resource("fixtures", "profiles")

PROFILE_KEYS = (
    "title", "extends", "kinds", "tables", "immutable_kinds", "retained_kinds", "mysql_primary_kinds",
    "known_issues", "fixed", "features", "known_issue",
)  # fmt: skip
_ISSUE_FIELDS = {field.name: field for field in dataclasses.fields(KnownIssue)}
_LISTS = ("sections", "kinds", "wording", "rules_out", "features")
_NEEDED = tuple(name for name, field in _ISSUE_FIELDS.items() if field.default is dataclasses.MISSING)
_SUFFIX = ".toml"
_PYPROJECT, _TOOL = "pyproject.toml", "ingester-acceptance"   # a table of a project's own file


@dataclass(frozen=True)
class Profile:
    """The expected behaviour of one version, with all that it extends.

    `name` is what `--profile` takes: a bundled profile's name, or the absolute path of a file. `kinds` are
    empty where it has all that are known; it may have some of which nothing but the name is known. `issue_ids`
    are those of the chapters' known issues, `own_issues` the file's.
    """

    name: str
    title: str
    kinds: tuple[str, ...] = ()
    immutable_kinds: frozenset[str] = frozenset()
    issue_ids: tuple[str, ...] = ()
    own_issues: tuple[KnownIssue, ...] = ()
    retained_kinds: frozenset[str] = frozenset()
    mysql_primary_kinds: frozenset[str] = frozenset()
    features: Mapping[str, str] = field(default_factory=dict)
    naming: Naming = Naming.LOWER


def list_profiles(folder: Path = PROFILES_FOLDER) -> list[str]:
    """Return the names of the profiles that come with the harness."""
    return sorted(path.stem for path in folder.glob(f"*{_SUFFIX}"))


def load_profile(name: str, folder: Path = PROFILES_FOLDER, option: str = "--profile") -> Profile:
    """Return the bundled profile called `name`, or that of the file whose path it is.

    Raises SettingsError, which names file and key, where it doesn't exist, or it or one that it extends is wrong.
    """
    return _load(_find(name, folder, Path.cwd(), option), folder, ())


def _find(name: str, folder: Path, base: Path, option: str) -> Path:
    """Return the file of a profile: a path ends in .toml or has a slash, and is relative to `base`."""
    if name.endswith(_SUFFIX) or "/" in name:
        path = (base / Path(name).expanduser()).resolve()
        if not path.is_file():
            raise SettingsError(f"{option}: there is no file {str(path)!r}")
        return path
    if name not in list_profiles(folder):
        raise SettingsError.unknown(option, name, [*list_profiles(folder), f"PATH{_SUFFIX}"])
    return folder / f"{name}{_SUFFIX}"


def _load(path: Path, folder: Path, extended_by: Sequence[Path]) -> Profile:
    if path in extended_by:
        circle = " extends ".join(each.name for each in (*extended_by[extended_by.index(path):], path))
        raise SettingsError(f"profile {path}: extends: a circle: {circle}")
    where = f"profile {path}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{where}: {error}") from error
    data = _find_table(path, data)
    for key in data:
        if key not in PROFILE_KEYS:
            raise SettingsError.unknown(f"{where}: key", key, PROFILE_KEYS)
    name = path.stem if path.parent == folder else str(path)
    base = Profile(name, name)
    if extends := _get_text(data, "extends", where):
        base = _load(_find(extends, folder, path.parent, f"{where}: extends"), folder, (*extended_by, path))
    listed = _get_names(data, "kinds", where)
    kinds = base.kinds if listed is None else listed
    known = list(dict.fromkeys((*(case.name for case in collect_cases()), *kinds)))
    issue_ids, own_issues = _merge_issues(base, data, where, known)
    naming = _get_text(data, "tables", where) or base.naming
    if naming not in list(Naming):
        raise SettingsError.unknown(f"{where}: tables", naming, list(Naming))

    def get_kinds(key: str, inherited: frozenset[str], valid: Iterable[str] | None = known) -> frozenset[str]:
        names = _get_names(data, key, where, valid)
        return inherited if names is None else frozenset(names)

    return Profile(
        name=name,
        title=_get_text(data, "title", where) or name,
        kinds=kinds,
        immutable_kinds=get_kinds("immutable_kinds", base.immutable_kinds),
        issue_ids=issue_ids,
        own_issues=own_issues,
        retained_kinds=get_kinds("retained_kinds", base.retained_kinds),
        mysql_primary_kinds=get_kinds("mysql_primary_kinds", base.mysql_primary_kinds, valid=None),
        features={**base.features, **_get_features(data, where)},
        naming=Naming(naming),
    )


def _find_table(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Return the profile that a file is, or that it has in a table `profile` beside what else it configures."""
    table = data.get("tool", {}).get(_TOOL, {}) if path.name == _PYPROJECT else data
    within = table.get("profile") if isinstance(table, dict) else None
    return within if isinstance(within, dict) else data


def _merge_issues(
    base: Profile, data: Mapping[str, Any], where: str, kinds: Sequence[str]
) -> tuple[tuple[str, ...], tuple[KnownIssue, ...]]:
    """Return the ids and the own issues of a file together with those of the profile that it extends."""
    inherited = (*base.issue_ids, *(issue.id for issue in base.own_issues))
    fixed = _get_names(data, "fixed", where, inherited) or ()
    added = _get_names(data, "known_issues", where) or ()
    tables = data.get("known_issue", [])
    if not isinstance(tables, list):
        raise SettingsError(f"{where}: known_issue: {tables!r} is no table", hint="The form is [[known_issue]]")
    own = [_read_issue(table, f"{where}: known_issue {number}", kinds) for number, table in enumerate(tables, 1)]
    ids = (*(i for i in base.issue_ids if i not in fixed), *added)
    issues = (*(issue for issue in base.own_issues if issue.id not in fixed), *own)
    seen: set[str] = set()
    for each in (*ids, *(issue.id for issue in issues)):
        if each in seen:
            raise SettingsError(f"{where}: known issue {each!r} is there twice, or also in what it extends")
        seen.add(each)
    return ids, issues


def _read_issue(table: Any, where: str, kinds: Sequence[str]) -> KnownIssue:
    """Return a user's own known issue; SettingsError names the field that is wrong."""
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: {table!r} is no table", hint="The form is [[known_issue]]")
    for key in table:
        if key not in _ISSUE_FIELDS:
            raise SettingsError.unknown(f"{where}: key", key, _ISSUE_FIELDS)
    if missing := [key for key in _NEEDED if not table.get(key)]:
        raise SettingsError(f"{where}: {', '.join(missing)} must be given", hint=f"Needed: {', '.join(_NEEDED)}")
    values: dict[str, Any] = {}
    for key in table:
        if key == "kinds":
            values[key] = _get_names(table, key, where, kinds) or ()
        elif key in _LISTS:
            values[key] = _get_names(table, key, where) or ()
        elif key == "action":
            word = _get_text(table, key, where)
            if word not in list(Action):
                raise SettingsError.unknown(f"{where}: action", word, list(Action))
            values[key] = Action(word)
        else:
            values[key] = _get_text(table, key, where)
    for pattern in values.get("wording", ()):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SettingsError(f"{where}: wording: {pattern!r} is no regular expression: {error}") from error
    return KnownIssue(**values)


def _get_text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f"{where}: {key}: {value!r} is no text")
    return value


def _get_features(data: Mapping[str, Any], where: str) -> dict[str, str]:
    """Return the features: any name and any value, since a version may have one that nobody here knows."""
    table = data.get("features", {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise SettingsError(f"{where}: features: {table!r} is no table of texts", hint="The form is [features]")
    return dict(table)


def _get_names(
    data: Mapping[str, Any], key: str, where: str, valid: Iterable[str] | None = None
) -> tuple[str, ...] | None:
    """Return a list of texts, each among the `valid` ones where those are given; None where the key is absent."""
    if key not in data:
        return None
    value = data[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{where}: {key}: {value!r} is no list of texts")
    names = None if valid is None else list(valid)
    for item in value:
        if names is not None and item not in names:
            raise SettingsError.unknown(f"{where}: {key}", item, names)
    return tuple(value)
