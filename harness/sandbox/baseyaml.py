"""Renders `base.yaml`, the controller manager's configuration.

What the sandbox doesn't have, a workflow engine and an object store, is named at a closed port: the
controller manager starts without them, and what needs them fails fast.
"""

from __future__ import annotations

import json
from typing import Any

from harness.sandbox.ports import LOOPBACK
from harness.settings import MySQLEndpoint

_CLOSED = f"{LOOPBACK}:1"


def render_base_yaml(
    mysql: MySQLEndpoint, *, metrics_port: int, health_port: int, expands_variables: bool
) -> str:
    """Return the text of `base.yaml`, which holds the password.

    `expands_variables`: whoever reads it replaces `$NAME` first and takes `$$` for a dollar sign.
    """
    configuration: dict[str, Any] = {
        "controllermgr": {
            "metricsBindAddress": f"{LOOPBACK}:{metrics_port}",
            "healthProbeBindAddress": f"{LOOPBACK}:{health_port}",
            "leaderElection": False,
            "leaderElectionID": "ingester-acceptance",
        },
        "metadataStorage": {"enableMetadataStorage": True},
        "mysql": {
            "host": mysql.host,
            "port": mysql.port,
            "user": mysql.user,
            "password": mysql.password,
            "database": mysql.database,
        },
        "k8s": {"qps": 300, "burst": 600},
        "controllers": {"rayCluster": {"k8sQps": 300, "k8sBurst": 600}},
        "workflowClient": {
            "service": "cadence-frontend",
            "host": _CLOSED,
            "transport": "grpc",
            "domain": "default",
            "taskList": "default",
            "executionUrlFormat": f"http://{_CLOSED}",
        },
        "minio": {
            "awsRegion": "us-east-1",
            "awsAccessKeyId": "none",
            "awsSecretAccessKey": "none",
            "awsEndpointUrl": _CLOSED,
        },
    }
    # JSON is YAML in which every text is quoted: a password of digits stays one for every parser
    text = json.dumps(configuration, indent=2, ensure_ascii=False) + "\n"
    return text.replace("$", "$$") if expands_variables else text
