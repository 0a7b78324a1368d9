"""Section 2 of the report: every patch reaches MySQL."""

from __future__ import annotations

import pytest

from harness.chapters.seed import checks
from harness.chapters.seed.run import Run
from harness.core.outcomes import NotApplicable
from harness.core.record import Check, Column
from harness.spec.model import Case
from harness.suite.verdict import judging, require_log

pytestmark = pytest.mark.report


@pytest.mark.order(31)
@pytest.mark.section("2.1", "Patch is accepted", Column.UPDATED)
def test_2_1_patch_is_accepted(case: Case, run: Run, check: Check) -> None:
    """The API server accepts the patch; an object of an immutable kind has left Kubernetes by then."""
    with judging(run, case, Column.UPDATED, check):
        update = run.update(case)
        if case.name in run.profile.immutable_kinds:
            checks.check_departed(update, check)
            raise NotApplicable("immutable kind: the object has left Kubernetes")
        checks.check_patched(update, check)


@pytest.mark.order(32)
@pytest.mark.section("2.2", "Update is reconciled", Column.UPDATE_SYNCED)
def test_2_2_update_is_logged(case: Case, run: Run, check: Check) -> None:
    """The Ingester logs the three lines of a reconcile again, after the patch."""
    with judging(run, case, Column.UPDATE_SYNCED, check):
        if case.name in run.profile.immutable_kinds:
            raise NotApplicable("immutable kind: there is no update to reconcile")
        require_log(run)
        checks.check_log_lines(run.sync_update(case), run.get_expected_messages(case), check)


@pytest.mark.order(33)
@pytest.mark.section("2.3", "Updated row equals the object", Column.UPDATE_SYNCED)
def test_2_3_updated_row_equals_object(case: Case, run: Run, check: Check) -> None:
    """The row has reached the patch's version, was written after it, and holds the patched values."""
    with judging(run, case, Column.UPDATE_SYNCED, check):
        if case.name in run.profile.immutable_kinds:
            checks.check_row_stays(run.update(case), run.read_row(case), check)
            raise NotApplicable("immutable kind: the row stays as it is")
        update = run.update(case)
        if update.recreation is not None:
            checks.check_recreated_row(run.sync_update(case), update, check)
        else:
            checks.check_updated_row(run.sync_update(case), update, check)


@pytest.mark.order(34)
@pytest.mark.section("2.4", "Other row is untouched", Column.UPDATE_SYNCED)
def test_2_4_other_row_is_untouched(case: Case, run: Run, check: Check) -> None:
    """The row of an object of the same kind and name in another namespace still equals that object."""
    with judging(run, case, Column.UPDATE_SYNCED, check):
        checks.check_row(run.sync_bystander(case), check)
        if case.name in run.profile.immutable_kinds:
            raise NotApplicable("immutable kind: the other row is whole, but no update could have touched it")
