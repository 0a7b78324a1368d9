"""Section 1 of the report: the sandbox stands, and every CR that is created reaches MySQL."""

from __future__ import annotations

import pytest

from harness.chapters.seed import checks, setup
from harness.chapters.seed.run import Run
from harness.core.record import Check, Column
from harness.spec.model import Case
from harness.suite.verdict import judging, require_log

pytestmark = pytest.mark.report


@pytest.mark.order(11)
@pytest.mark.section("1.1", "Components run")
def test_1_1_components_run(run: Run, check: Check) -> None:
    """Every component of the sandbox is Running without a restart, and the schema init job Completed."""
    setup.check_components(run.sandbox, check)


@pytest.mark.order(12)
@pytest.mark.section("1.2", "All tables exist")
def test_1_2_all_tables_exist(tables: dict[str, dict[str, str]], check: Check) -> None:
    """The database holds all 39 tables, by name."""
    setup.check_no_missing_tables(tables, check)


@pytest.mark.order(13)
@pytest.mark.section("1.2", "Tables have their columns")
def test_1_2_tables_have_their_columns(case: Case, tables: dict[str, dict[str, str]], check: Check) -> None:
    """The kind's three tables have every column that the Ingester writes, of the right type."""
    setup.check_tables(case.kind, tables, check)


@pytest.mark.order(14)
@pytest.mark.section("1.3", "Ingester controllers are registered")
def test_1_3_controllers_are_registered(run: Run, check: Check) -> None:
    """Exactly one Ingester controller is registered for each of the 13 kinds, and none besides."""
    setup.check_registration(run.get_registration(), check)


@pytest.mark.order(21)
@pytest.mark.section("1.4", "CR is accepted", Column.CREATED)
def test_1_4_cr_is_accepted(case: Case, run: Run, check: Check) -> None:
    """The API server accepts the CR and stores all that was sent."""
    with judging(run, case, Column.CREATED, check):
        checks.check_created(run.create(case), check)


@pytest.mark.order(22)
@pytest.mark.section("1.5", "Creation is reconciled", Column.SYNCED)
def test_1_5_creation_is_logged(case: Case, run: Run, check: Check) -> None:
    """The Ingester logs the three lines of a reconcile for the created object."""
    with judging(run, case, Column.SYNCED, check):
        require_log(run)
        checks.check_log_lines(run.sync(case), run.get_expected_messages(case), check)


@pytest.mark.order(23)
@pytest.mark.section("1.6", "Created row equals the object", Column.SYNCED)
def test_1_6_created_row_equals_object(case: Case, run: Run, check: Check) -> None:
    """The created object has exactly one row, equal to it in every column, label and annotation."""
    with judging(run, case, Column.SYNCED, check):
        sync = run.sync(case)
        checks.check_row(sync, check)
        if sync.restarts > sync.write.creation.restarts:
            check.detail = "after restart"


