"""Promises of `harness.sandbox.k3d.mysqlaccess`."""

from __future__ import annotations

import pytest

from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.sandbox.k3d.cluster import K3dCluster
from harness.sandbox.k3d.kubectl import Kubectl
from harness.sandbox.k3d.mysqlaccess import find_published_port, make_endpoint, read_stanza
from tests.unit.sandbox.k3d.objects import make_job, make_service
from tests.unit.sandbox.k3d.standins import StandIns

_BASE_YAML = "mysql: {host: mysql, port: 3306, user: root, password: '${PW:s3cret}', database: michelangelo}"


def test_reads_the_account_of_the_schema_job(standins: StandIns, kubectl: Kubectl) -> None:
    """The job's environment makes the stanza; variables of other names and sources don't count."""
    job = make_job(MYSQL_HOST="db", MYSQL_PORT="3307", MYSQL_USER="me", MYSQL_PASSWORD="p", OTHER="x")
    job["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "MYSQL_DATABASE", "valueFrom": {}})
    standins.put(job)
    assert read_stanza(kubectl) == {"host": "db", "port": 3307, "user": "me", "password": "p"}


def test_knows_no_account_without_a_job(kubectl: Kubectl) -> None:
    """Without the job there is nothing to fill in."""
    assert read_stanza(kubectl) == {}


def test_finds_the_published_port(standins: StandIns, kubectl: Kubectl) -> None:
    """The service's node port is looked up among those that k3d publishes."""
    standins.put(make_service(node_port=30123))
    cluster = K3dCluster("c", True, {30123: ("127.0.0.1", 13306), 30001: ("127.0.0.1", 3306)})
    assert find_published_port(kubectl, cluster, "mysql", 3306) == ("127.0.0.1", 13306)
    assert find_published_port(kubectl, cluster, "mysql", 3307) is None
    assert find_published_port(kubectl, K3dCluster("c", True), "mysql", 3306) is None


def test_says_that_there_is_no_service(kubectl: Kubectl) -> None:
    """A cluster without the service that the Ingester uses is an error that names it."""
    with pytest.raises(HarnessError, match="no Service mysql"):
        find_published_port(kubectl, K3dCluster("c", True), "mysql", 3306)


def test_uses_the_ingesters_own_account() -> None:
    """The endpoint has the account of base.yaml, the default of a variable included, at the address found."""
    expected = MySQLEndpoint("127.0.0.1", 13306, "root", "michelangelo", "s3cret")
    assert make_endpoint(_BASE_YAML, ("127.0.0.1", 13306)) == expected


def test_names_what_the_stanza_lacks() -> None:
    """A stanza that is not whole is an error that names its missing keys."""
    with pytest.raises(HarnessError, match=r"no mysql\.user, mysql\.password, mysql\.database"):
        make_endpoint("mysql: {host: mysql, port: 3306}", ("127.0.0.1", 1))
