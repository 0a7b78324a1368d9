"""Section 4 of the report: the proto column, and the same objects through Michelangelo's own API server."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.chapters.api_server import checks as api_checks
from harness.chapters.api_server.run import ApiRun
from harness.chapters.seed import checks
from harness.chapters.seed.run import Run
from harness.core.outcomes import NotApplicable
from harness.core.record import Check, Column
from harness.spec.model import Case
from harness.suite.verdict import judging

pytestmark = pytest.mark.report


@pytest.mark.order(51)
@pytest.mark.section("4.1", "Proto column agrees")
def test_4_1_proto_column_agrees(case: Case, run: Run, check: Check) -> None:
    """The proto column, decoded, equals the json column and the object, field by field."""
    if reason := api_checks.explain_no_protobuf(run):
        raise NotApplicable(reason)
    with judging(run, case, Column.SYNCED, check):
        sync = run.sync(case)
        api_checks.check_proto(case, sync.row, sync.obj, check)


@pytest.mark.api_server
@pytest.mark.order(52)
@pytest.mark.section("4.2", "Created through the API server")
def test_4_2_created_through_api(case: Case, api: ApiRun, check: Check) -> None:
    """The API server stores the CR with the Ingester's finalizer."""
    with api_checks.judging_api(api, case, check):
        api_checks.check_api_created(api.create(case), check)


@pytest.mark.api_server
@pytest.mark.order(53)
@pytest.mark.section("4.3", "Created row equals the object")
def test_4_3_created_row_equals_object(case: Case, api: ApiRun, check: Check) -> None:
    """The object that the API server created has exactly one row, equal to it, its proto column included."""
    with api_checks.judging_api(api, case, check):
        api_checks.check_api_row(api, api.sync(case), check)


@pytest.mark.api_server
@pytest.mark.order(54)
@pytest.mark.section("4.4", "Updated through the API server")
def test_4_4_updated_through_api(case: Case, api: ApiRun, check: Check) -> None:
    """The API server accepts the update; an object of an immutable kind has left Kubernetes by then."""
    with api_checks.judging_api(api, case, check):
        if api.is_immutable(case):
            checks.check_departed(api.leave(case), check)
            raise NotApplicable("immutable kind: the object has left Kubernetes")
        checks.check_patched(api.update(case), check)


@pytest.mark.api_server
@pytest.mark.order(55)
@pytest.mark.section("4.5", "Updated row equals the object")
def test_4_5_updated_row_equals_object(case: Case, api: ApiRun, check: Check) -> None:
    """The row has reached the update's version, was written after it, and holds the updated values."""
    with api_checks.judging_api(api, case, check):
        if api.is_immutable(case):
            checks.check_row_stays(api.leave(case), api.read_row(case), check)
            raise NotApplicable("immutable kind: the row stays as it is")
        api_checks.check_api_updated_row(api, api.sync_update(case), api.update(case), check)


@pytest.mark.api_server
@pytest.mark.order(56)
@pytest.mark.section("4.6", "Deleted through the API server")
def test_4_6_deleted_through_api(case: Case, api: ApiRun, check: Check) -> None:
    """A deletion is marked by annotation; the row is soft-deleted, then the finalizer and the object go."""
    with api_checks.judging_api(api, case, check):
        if api.is_immutable(case):
            api.leave(case)
            raise NotApplicable("immutable kind: there is nothing in Kubernetes to delete")
        api_checks.check_api_deleted(api.delete(case), check)


@pytest.mark.api_server
@pytest.mark.order(57)
@pytest.mark.section("4.7", "Known issues of the API server show")
def test_4_7_known_api_issues_show(
    api: ApiRun, run_cases: Sequence[Case], check: Check, allow_stale: bool
) -> None:
    """Every known issue of the API server that the profile expects shows; one that doesn't is stale."""
    probe = api_checks.find_probe(api, run_cases)
    for issue in api.run.profile.api_known_issues:
        api_checks.check_api_issue(issue, api, probe, check, allow_stale=allow_stale)
