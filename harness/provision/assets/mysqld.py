"""Finds a MySQL or MariaDB server: installed, or fetched from the distribution's packages into the cache.

Refuses to install anything into the system, and servers that do not start or are too old. How a server
is run is `data_folder`'s business.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from harness.core.digest import get_digest
from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets.apt import Apt, is_apt_system
from harness.provision.assets.cache import OFFLINE_VARIABLE, Cache, Contents, Recipe, is_offline
from harness.provision.assets.command import run
from harness.provision.assets.stage import note

MYSQL, MARIADB = "mysql", "mariadb"
WAYS_OUT = """\
Ways out: name a server that runs already with --mysql-url, or install one:
    apt:   sudo apt-get install mariadb-server-core mariadb-client-core
    dnf:   sudo dnf install mariadb-server
    apk:   sudo apk add mariadb mariadb-client
    brew:  brew install mariadb"""

_OLDEST = {MYSQL: Version("8.0"), MARIADB: Version("10.5")}
_SERVER_NAMES = ("mysqld", "mariadbd")
_FOLDERS = (
    "/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec", "/usr/local/mysql/bin",
    "/opt/homebrew/bin", "/opt/homebrew/opt/mysql/bin", "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mysql/bin", "/usr/local/opt/mariadb/bin", "/home/linuxbrew/.linuxbrew/bin",
)  # fmt: skip
_RECIPE = "1"  # to be changed with the way in which the packages are unpacked


@dataclass(frozen=True)
class MySQLServerFiles:
    """A server that can be started: its flavor ('mysql' or 'mariadb'), its executables, and what they need.

    `basedir` is None where the server finds its own files. `library_path` goes into LD_LIBRARY_PATH.
    `install_db` makes a data folder; None where the server itself does. `sha256` is empty where not known.
    """

    flavor: str
    server: Path
    version: str
    source: str
    basedir: Path | None = None
    library_path: str | None = None
    install_db: Path | None = None
    client: Path | None = None
    sha256: str = ""

    def make_environment(self) -> dict[str, str]:
        """Return the environment for any of its programs."""
        environment = dict(os.environ)
        if self.library_path:
            rest = environment.get("LD_LIBRARY_PATH")
            environment["LD_LIBRARY_PATH"] = f"{self.library_path}:{rest}" if rest else self.library_path
        return environment


def find_mysql_server(progress: Progress, cache: Cache | None = None) -> MySQLServerFiles:
    """Return a server of this machine, or else of its distribution's packages, kept in the cache.

    Raises `HarnessError`, which says what to install, where neither can be had.
    """
    installed, rejected = _choose_installed()
    if installed is not None:
        return installed
    if rejected:
        note(progress, "MySQL server of this machine", f"not used: {'; '.join(rejected)}")
    found = "; ".join(rejected) or "There is no mysqld or mariadbd on PATH or in the usual folders"
    if not is_apt_system():
        raise HarnessError(f"{found}, and only the packages of apt systems can be fetched", hint=WAYS_OUT)
    try:
        return (cache or Cache()).obtain(_describe_packages(progress), progress)
    except HarnessError as error:
        raise HarnessError(f"{found}. {error.problem}", hint=error.hint or WAYS_OUT) from error


def find_ready_mysql_server(cache: Cache | None = None) -> MySQLServerFiles | None:
    """Return a server that this machine or the cache has, else None: nothing is fetched.

    Raises `HarnessError` where the cached one is damaged.
    """
    installed, _ = _choose_installed()
    return installed or (cache or Cache()).find(_describe_packages(SILENT))


def _choose_installed() -> tuple[MySQLServerFiles | None, list[str]]:
    """Return the first installed server that can be used, or else why each of them can't be."""
    rejected: list[str] = []
    for server in _find_installed():
        try:
            return _open_installed(server), []
        except HarnessError as error:
            rejected.append(error.problem)
    return None, rejected


def _find_installed() -> Iterator[Path]:
    seen = set()
    for folder in ("", *_FOLDERS):
        for name in _SERVER_NAMES:
            path = shutil.which(name, path=folder or None)
            if path and path not in seen:
                seen.add(path)
                yield Path(path)


def _open_installed(server: Path) -> MySQLServerFiles:
    flavor, version = _ask_version(server, dict(os.environ))
    if Version(version) < _OLDEST[flavor]:
        raise HarnessError(f"{server} is {flavor} {version}, older than {_OLDEST[flavor]}")
    folders = [str(server.resolve().parent.with_name(name)) for name in ("bin", "scripts")]
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])

    def find(*names: str) -> Path | None:
        return next((Path(found) for name in names if (found := shutil.which(name, path=path))), None)

    install_db = find("mariadb-install-db", "mysql_install_db") if flavor == MARIADB else None
    if flavor == MARIADB and install_db is None:
        raise HarnessError(f"{server} has no mariadb-install-db beside it")
    client = find("mysql", "mariadb") if flavor == MYSQL else find("mariadb", "mysql")
    return MySQLServerFiles(flavor, server, version, str(server), install_db=install_db, client=client)


def _ask_version(server: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return flavor and version; `HarnessError` where the server does not start."""
    finished = run([server, "--no-defaults", "--version"], timeout_s=30, environment=environment)
    found = re.search(r"Ver (\d+\.\d+\.\d+)", finished.stdout)
    if finished.exit_code != 0 or not found:
        raise HarnessError(f"{server} does not start (exit code {finished.exit_code}):\n{finished.last_words()}")
    return (MARIADB if "MariaDB" in finished.stdout else MYSQL), found[1]


def _describe_packages(progress: Progress) -> Recipe[MySQLServerFiles]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    system = " ".join(release.get(name, "") for name in ("ID", "VERSION_ID", "VERSION_CODENAME")).strip()

    def fetch(folder: Path, workspace: Path) -> Mapping[str, str]:
        if is_offline():
            raise HarnessError(f"{OFFLINE_VARIABLE} forbids to fetch MariaDB's packages", hint=WAYS_OUT)
        apt = Apt(workspace, progress)
        apt.update()
        apt.unpack(_choose_packages(apt.find_names("mariadb-server-core")), folder)
        libraries = sorted({str(path.parent.relative_to(folder)) for path in folder.rglob("*.so.*")})
        facts = {"libraries": os.pathsep.join(libraries), "system": system}
        load(Contents(folder, facts))
        return facts

    def load(contents: Contents) -> MySQLServerFiles:
        basedir = contents.folder / "usr"
        libraries = contents.facts["libraries"].split(os.pathsep)
        unchecked = MySQLServerFiles(
            MARIADB, basedir / "sbin/mariadbd", "", f"packages of {contents.facts['system']}", basedir,
            os.pathsep.join(str(contents.folder / path) for path in libraries),
            basedir / "bin/mariadb-install-db", basedir / "bin/mariadb",
            contents.sha256.get("usr/sbin/mariadbd", ""),
        )  # fmt: skip
        _, version = _ask_version(unchecked.server, unchecked.make_environment())
        return replace(unchecked, version=version)

    return Recipe("mariadb", get_digest(_RECIPE, system, platform.machine()), fetch, load)


def _choose_packages(servers: list[str]) -> list[str]:
    """Return the server's and the client's package; older distributions have the version in their names."""
    plain = "mariadb-server-core"
    versioned = [name for name in servers if re.fullmatch(rf"{plain}-\d+(\.\d+)*", name)]
    if plain in servers or not versioned:
        return [plain, "mariadb-client-core"]
    newest = max(versioned, key=lambda name: Version(name.removeprefix(f"{plain}-")))
    return [newest, newest.replace("server", "client")]
