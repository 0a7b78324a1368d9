"""Stand-ins for docker, k3d, helm and kubectl: small programs that record each call and answer as the real ones.

They live in one folder, which is all of PATH, and share files in it: `calls.jsonl` (what was called, in order),
`k3d.json` (the clusters), `objects.json` (what the cluster of the stand-in kubectl holds), `config.json` (how the
test wants them to answer), `logs/NAMESPACE.POD.txt`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]

_PREAMBLE = '''#!{python} -S
import json, os, sys
from pathlib import Path
FOLDER = Path({folder!r})
WORDS = sys.argv[1:]

def read(name, default):
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else default

def write(name, data):
    (FOLDER / name).write_text(json.dumps(data))

CONFIG = read("config.json", {{}})
with (FOLDER / "calls.jsonl").open("a") as file:
    call = {{"program": {name!r}, "words": WORDS, "kubeconfig": os.environ.get("KUBECONFIG", "")}}
    file.write(json.dumps(call) + "\\n")
for failure in CONFIG.get("failures", []):
    if [{name!r}, *WORDS][: len(failure["words"])] == failure["words"]:
        print(failure["output"], file=sys.stderr)
        sys.exit(failure.get("exit_code", 1))
'''

_DOCKER = """
if WORDS[0] == "version":
    print("28.2.2")
"""

_HELM = """
if WORDS[:2] == ["repo", "list"]:
    sys.exit("Error: no repositories to show")
print("STATUS: deployed")
"""

_K3D = '''
clusters = read("k3d.json", {})
PORTS = CONFIG.get("host_ports", {})

def make_kubeconfig(name):
    names = {"cluster": f"k3d-{name}", "user": f"admin@k3d-{name}"}
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": f"k3d-{name}",
        "clusters": [{"name": names["cluster"], "cluster": CONFIG["cluster"]}],
        "users": [{"name": names["user"], "user": CONFIG["user"]}],
        "contexts": [{"name": f"k3d-{name}", "context": names}],
    }

def describe(name):
    cluster = clusters[name]
    state = {"Running": cluster["running"], "Status": "running" if cluster["running"] else "exited"}
    ports = cluster["ports"].items()
    mappings = {f"{node}/tcp": [{"HostIp": "0.0.0.0", "HostPort": host}] for node, host in ports}
    nodes = [
        {"name": f"k3d-{name}-server-0", "role": "server", "portMappings": {}, "State": state},
        {"name": f"k3d-{name}-agent-0", "role": "agent", "State": state},
        {"name": f"k3d-{name}-serverlb", "role": "loadbalancer", "portMappings": mappings, "State": state},
    ]
    return {"name": name, "nodes": nodes}

def need(name):
    if name not in clusters:
        sys.exit(f"FATA[0000] No nodes found for given cluster: {name}")

verb, rest = WORDS[:2], WORDS[2:]
if verb == ["cluster", "create"]:
    name = rest[0]
    if name in clusters:
        sys.exit(f"FATA[0000] Failed to create cluster '{name}' because a cluster with that name already exists")
    specs = [rest[place + 1] for place, word in enumerate(rest) if word == "-p"]
    pairs = [spec.partition("@")[0].split(":")[-2:] for spec in specs]
    clusters[name] = {"running": True, "ports": {node: PORTS.get(node, host) for host, node in pairs}}
    target = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    target.parent.mkdir(parents=True, exist_ok=True)
    if "--kubeconfig-switch-context=false" not in rest:
        target.write_text(json.dumps(make_kubeconfig(name)))
    print(f"INFO[0000] Cluster '{name}' created successfully!", file=sys.stderr)
elif verb in (["cluster", "list"], ["cluster", "get"]):
    names = [word for word in rest if word not in ("-o", "json")]
    for name in names:
        need(name)
    print(json.dumps([describe(name) for name in names or clusters]))
elif verb in (["cluster", "start"], ["cluster", "stop"]):
    need(rest[0])
    clusters[rest[0]]["running"] = verb[1] == "start"
elif verb == ["cluster", "delete"]:
    clusters.pop(rest[0], None)
elif verb == ["kubeconfig", "get"]:
    need(rest[0])
    print(json.dumps(make_kubeconfig(rest[0])))
else:
    sys.exit(f"the stand-in for k3d knows no {WORDS}")
write("k3d.json", clusters)
'''

_KUBECTL = '''
objects = read("objects.json", {})

def get_option(name):
    for place, word in enumerate(WORDS):
        if word == name:
            return WORDS[place + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None

def merge(target, patch):
    for key, value in patch.items():
        if isinstance(value, dict):
            merge(target.setdefault(key, {}), value)
        else:
            target[key] = value

def add(obj):
    kind, metadata = obj["kind"].lower(), obj["metadata"]
    metadata.setdefault("namespace", get_option("--namespace"))
    obj["status"] = CONFIG.get("statuses", {}).get(kind, {})
    objects[f"{kind}/{metadata['name']}"] = obj

options = ("--kubeconfig", "--namespace")
words = [word for place, word in enumerate(WORDS) if word not in options and WORDS[place - 1] not in options]
verb, *rest = words
if verb == "get" and "--all-namespaces" in rest:
    kind = rest[0].removesuffix("s")
    print(json.dumps({"items": [obj for key, obj in objects.items() if key.startswith(f"{kind}/")]}))
elif verb == "get":
    key = f"{rest[0]}/{rest[1]}"
    if key not in objects:
        sys.exit(f'Error from server (NotFound): {rest[0]}s "{rest[1]}" not found')
    print(json.dumps(objects[key]))
elif verb == "patch":
    merge(objects[f"{rest[0]}/{rest[1]}"], json.loads(Path(get_option("--patch-file")).read_text()))
elif verb in ("create", "apply"):
    for document in Path(get_option("--filename")).read_text().split("---"):
        if document.strip():
            add(json.loads(document))
elif verb == "delete":
    objects.pop(f"{rest[0]}/{rest[1]}", None)
elif verb == "logs":
    name = f"{[WORDS[place + 1] for place, word in enumerate(WORDS) if word == '--namespace'][-1]}.{rest[0]}"
    path = FOLDER / "logs" / f"{name}{'.previous' if '--previous' in rest else ''}.txt"
    if not path.exists():
        sys.exit("Error from server (BadRequest): container is waiting to start")
    print(path.read_text(), end="")
else:
    sys.exit(f"the stand-in for kubectl knows no {WORDS}")
write("objects.json", objects)
'''

_BODIES = {"docker": _DOCKER, "helm": _HELM, "k3d": _K3D, "kubectl": _KUBECTL}


@dataclass(frozen=True)
class StandIns:
    """The folder of the stand-ins, and what they share."""

    folder: Path

    def install(self, *names: str) -> None:
        """Write the programs of these names, all of them where none is given."""
        for name in names or tuple(_BODIES):
            self.write_program(name, _BODIES[name])

    def write_program(self, name: str, body: str) -> Path:
        """Write a program that records its calls and then does what `body` says."""
        path = self.folder / name
        preamble = _PREAMBLE.format(python=sys.executable, folder=str(self.folder), name=name)
        path.write_text(preamble + body, encoding="utf-8")
        path.chmod(0o755)
        return path

    def configure(self, **values: Any) -> None:
        """Say how the programs are to answer: `failures`, `host_ports`, `cluster`, `user`, `statuses`."""
        self._write("config.json", {**self._read("config.json", {}), **values})

    def fail(self, *words: str, output: str, exit_code: int = 1) -> None:
        """Let calls that begin with `words` fail with that output."""
        failures = self._read("config.json", {}).get("failures", [])
        self.configure(failures=[*failures, {"words": list(words), "output": output, "exit_code": exit_code}])

    def put_clusters(self, **clusters: JsonObject) -> None:
        """Say which clusters there are; `_` in a name is a hyphen."""
        self._write("k3d.json", {name.replace("_", "-"): cluster for name, cluster in clusters.items()})

    def list_clusters(self) -> dict[str, JsonObject]:
        """Return the clusters that there are."""
        return self._read("k3d.json", {})

    def put(self, *objects: JsonObject) -> None:
        """Add objects to the stand-in kubectl's cluster."""
        found = self._read("objects.json", {})
        for obj in objects:
            obj["metadata"].setdefault("namespace", "default")
            found[f"{obj['kind'].lower()}/{obj['metadata']['name']}"] = obj
        self._write("objects.json", found)

    def find(self, kind: str, name: str) -> JsonObject | None:
        """Return an object of the stand-in kubectl's cluster."""
        found: JsonObject | None = self._read("objects.json", {}).get(f"{kind}/{name}")
        return found

    def put_log(self, pod: str, text: str, *, previous: bool = False) -> None:
        """Give a pod of the namespace `default` a log."""
        (self.folder / "logs").mkdir(exist_ok=True)
        (self.folder / "logs" / f"default.{pod}{'.previous' if previous else ''}.txt").write_text(text)

    def list_calls(self, program: str) -> list[str]:
        """Return the words of each call of the program, in order."""
        return [" ".join(call["words"]) for call in self.list_all_calls() if call["program"] == program]

    def list_all_calls(self) -> list[JsonObject]:
        """Return each call: `program`, `words` and the `kubeconfig` of its environment."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _read(self, name: str, default: JsonObject) -> JsonObject:
        path = self.folder / name
        found: JsonObject = json.loads(path.read_text()) if path.exists() else default
        return found

    def _write(self, name: str, data: JsonObject) -> None:
        (self.folder / name).write_text(json.dumps(data))
