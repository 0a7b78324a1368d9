"""The floor of an audit's cost: a bare script that lists every object and selects every row, and looks at nothing.

It is called by `tools.audit_benchmark`, in a process of its own, with the same drivers that the audit has.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import mysql.connector

GROUP, VERSION, PAGE = "michelangelo.api", "v2", 500


def main(kubeconfig: str, mysql_url: str) -> int:
    """List and select everything; print how much it was."""
    client = kubernetes.config.new_client_from_config(kubeconfig)
    custom = kubernetes.client.CustomObjectsApi(client)
    kinds = [each.name for each in custom.get_api_resources(GROUP, VERSION).resources if "/" not in each.name]
    objects = sum(_list(custom, plural) for plural in kinds)
    parts = urllib.parse.urlsplit(mysql_url)
    connection = mysql.connector.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=Path(os.environ["MYSQL_PASSWORD_FILE"]).read_text(encoding="utf-8").strip(),
        database=parts.path.strip("/"),
        use_pure=True,
    )
    cursor: Any = connection.cursor()
    cursor.execute("SHOW TABLES")
    tables = [table for (table,) in cursor.fetchall()]
    rows = 0
    for table in tables:
        cursor.execute(f"SELECT * FROM `{table}`")  # noqa: S608
        rows += sum(1 for _ in cursor)
    print(json.dumps({"objects": objects, "rows": rows}))
    return 0


def _list(custom: kubernetes.client.CustomObjectsApi, plural: str) -> int:
    number, token = 0, ""
    while True:
        page: Any = custom.list_cluster_custom_object(GROUP, VERSION, plural, limit=PAGE, _continue=token)
        number += len(page["items"])
        token = page["metadata"].get("continue") or ""
        if not token:
            return number


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
