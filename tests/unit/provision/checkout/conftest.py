"""A made-up checkout of Michelangelo that agrees with the harness in all, as a git repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness.provision.assets.cache import CACHE_VARIABLE, OFFLINE_VARIABLE, Cache
from harness.provision.checkout.drift import find_drift
from harness.provision.checkout.golines import GENERATED_FOLDER
from harness.provision.checkout.reading import Sources, make_read_contract, read_checkout
from harness.spec.bundle import render_crds, render_schema
from harness.spec.model import ColumnType, JsonObject, Kind
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract
from tests.fakes.contract import CONTRACT

Git = Callable[..., str]
Edit = Callable[[str, str, str], None]

SCHEMA = "scripts/ingester/all_tables.sql"
CRD_OBJECTS = "proto/api/v2/crd_objects.go"
MODULE = "go/components/ingester/module.go"
STORAGE = "go/storage/mysql/mysql.go"


def write_generated(kind: Kind, crd: JsonObject) -> str:
    """Return what the generated Go file of a kind says, as far as the harness reads it."""
    keys = "".join(
        f'\tindexedField.Key = "{column.name}"\n\tif m != nil {{\n'
        f"\t\tindexedField.Value = m.X{'.String()' if column.type is ColumnType.ENUM else ''}\n\t}}\n"
        for column in kind.columns
    )
    paths = "".join(
        f'\tIndexesPathToKeyMap[gvk]["{re.sub("([A-Z])", _to_snake, column.path)}"] = "{column.name}"\n'
        if not column.path.startswith("metadata.")
        else f'\tIndexesPathToKeyMap[gvk]["{column.path}"] = "{column.name}"\n'
        for column in kind.columns
    )
    text = yaml.dump(crd, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    return f"""package v2

func (m *{kind.name}) GetIndexedKeyValuePairs() ([]storage.IndexedField){{
{keys}\treturn indexedFields
}}

func init() {{
	gvk := schema.GroupVersionKind{{
		Kind: "{kind.name}",
	}}
	IndexesPathToKeyMap[gvk] = make(map[string]string)
	IndexesPathToKeyMap[gvk]["metadata.name"] = "name"
{paths}}}

func (m *{kind.name}) IsImmutableKind() bool {{
	return {'true' if kind.name == 'Model' else 'false'}
}}

func init() {{
	YamlSchemas["{kind.name}"] = `{text}`
}}
"""


def _to_snake(found: re.Match[str]) -> str:
    return f"_{found[1].lower()}"


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("michelangelo") / "checkout"
    objects = "".join(f"\t&{kind.name}{{}},\n" for kind in CONTRACT.kinds)
    files = {
        "go/go.mod": "module m/go\n\ngo 1.24.0\n\ntoolchain go1.24.3\n\nrequire (\n"
                     "\tsigs.k8s.io/controller-runtime v0.19.2\n)\n",
        "go/go.sum": "",
        "go/cmd/controllermgr/main.go": "package main\n\nfunc main() {}\n",
        "go/cmd/apiserver/main.go": "package main\n\nfunc main() {}\n",
        MODULE: "package ingester\n\nfunc register() {\n\t// all kinds\n\tcrdObjects := v2.AllCRDObjects\n}\n",
        STORAGE: "package mysql\n\nvar writesLabels = true\n",
        "go/storage/mysql/mysql_test.go": "package mysql\n",
        "proto-go/go.mod": "module m/proto-go\n\ngo 1.24.0\n",
        CRD_OBJECTS: f"package v2\n\nvar AllCRDObjects = []runtime.Object{{\n{objects}}}\n",
        SCHEMA: render_schema(CONTRACT.kinds),
        "scripts/ingester/a_few.sql": "CREATE TABLE `project` (\n  `uid` VARCHAR(255)\n);\n",
        "website/page.md": "",
        ".gitignore": "models/\n",
    }  # fmt: skip
    crds = {crd["spec"]["names"]["kind"]: crd for crd in render_crds(CONTRACT.cases)}
    for kind in CONTRACT.kinds:
        files[f"{GENERATED_FOLDER}/{kind.table}.pb.go"] = write_generated(kind, crds[kind.name])
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Me\n\temail = me@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(OFFLINE_VARIABLE, raising=False)


@pytest.fixture
def cache() -> Cache:
    """A cache of the test's own."""
    return Cache()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Run git in the checkout and return what it prints."""

    def run(*arguments: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder or tmp_path / "checkout", check=True, capture_output=True, text=True
        )
        return done.stdout

    return run


@pytest.fixture
def root(_template: Path, tmp_path: Path, git: Git) -> Path:
    """The made-up checkout: everything committed on the branch main."""
    path = tmp_path / "checkout"
    shutil.copytree(_template, path)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "All of it\n\nAnd more.")
    return path


@pytest.fixture
def edit(root: Path) -> Edit:
    """Replace a text, which must be there, in a file of the checkout."""

    def replace(name: str, old: str, new: str) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return replace


def read_sources(root: Path) -> Sources:
    """Return what is read of a checkout."""
    return read_checkout(root)


def list_findings(root: Path) -> list[str]:
    """Return the findings about a checkout as texts."""
    sources = read_sources(root)
    contract = make_contract(load_profile("upstream-main"), make_read_contract(sources, root))
    return [str(finding) for finding in find_drift(sources, contract)]
