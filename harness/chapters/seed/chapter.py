"""Chapters 1 to 3 of the report, as the seed report has them: set-up and creation, updates, known issues."""

from __future__ import annotations

from harness.chapters.seed import checks, setup
from harness.chapters.seed.issues import ISSUES
from harness.chapters.seed.probes import check_issue_shows, list_issues
from harness.chapters.seed.steps import SeedScenario
from harness.core.record import ColumnContents
from harness.spec.features import PRIMARY_KEY
from harness.suite.chapter import Chapter, Section, whole_run

CREATED, SYNCED, UPDATED, UPDATE_SYNCED = "created", "synced", "updated", "update_synced"

CHAPTER = Chapter(
    key="seed",
    title="Results at a glance",
    explanation="Objects as kubectl sends them, straight to kube-apiserver.",
    summary="the seed report's matrix, and what the API server adds to it",
    markers=("report", "seed"),
    open=SeedScenario,
    issues=ISSUES,
    columns=(
        ColumnContents(CREATED, "Created", ["1.4"]),
        ColumnContents(SYNCED, "Synced to MySQL", ["1.5", "1.6"]),
        ColumnContents(UPDATED, "Updated", ["2.1"]),
        ColumnContents(UPDATE_SYNCED, "Update in MySQL", ["2.2", "2.3", "2.4"]),
    ),
    sections=(
        Section(
            "1.1",
            "Commands and components",
            "Components run",
            "Every component of the sandbox is Running without a restart, and the schema init job Completed.",
            setup.check_components,
            topics=whole_run,
        ),
        Section(
            "1.2",
            "MySQL tables",
            "All tables exist",
            "The database holds the tables of every kind, by name.",
            setup.check_all_tables,
            topics=whole_run,
        ),
        Section(
            "1.2",
            "MySQL tables",
            "Tables have their columns",
            "The kind's three tables have every column that the Ingester writes, of the right type.",
            setup.check_columns,
        ),
        Section(
            "1.3",
            "Ingester controllers registered",
            "Ingester controllers are registered",
            "Exactly one Ingester controller is registered for each kind, and none besides.",
            setup.check_registration,
            topics=whole_run,
            heads_the_report=True,
        ),
        Section(
            "1.4",
            "Custom resources created",
            "CR is accepted",
            "The API server accepts the CR and stores all that was sent.",
            checks.check_created,
            expects_issues=False,
        ),
        Section(
            "1.5",
            "Reconcile log lines after creation",
            "Creation is reconciled",
            "The Ingester logs the lines of a reconcile for the created object.",
            checks.check_log_lines_after_creation,
            expects_issues=False,
        ),
        Section(
            "1.6",
            "Rows in MySQL after creation",
            "Created row equals the object",
            "The created object has exactly one row, equal to it in every column, label and annotation.",
            checks.check_row_after_creation,
            features=(PRIMARY_KEY,),
            expects_issues=False,
            proves_sync=True,
        ),
        Section(
            "2.1",
            "Patches sent",
            "Patch is accepted",
            "The API server accepts the patch; an object of an immutable kind has left Kubernetes by then.",
            checks.check_patched,
            expects_issues=False,
        ),
        Section(
            "2.2",
            "Reconcile log lines after the patches",
            "Update is reconciled",
            "The Ingester logs the lines of a reconcile again, after the patch.",
            checks.check_log_lines_after_patch,
            expects_issues=False,
        ),
        Section(
            "2.3",
            "Rows in MySQL after the patches",
            "Updated row equals the object",
            "The row has reached the patch's version, was written after it, and holds the patched values.",
            checks.check_row_after_patch,
            features=(PRIMARY_KEY,),
            expects_issues=False,
        ),
        Section(
            "2.4",
            "Rows that no patch was for",
            "Other row is untouched",
            "The row of an object of the same kind and name in another namespace still equals that object.",
            checks.check_bystander,
            features=(PRIMARY_KEY,),
            expects_issues=False,
        ),
        Section(
            "3",
            "Known issues",
            "Known issue shows",
            "The known issue is reproduced from evidence and its workaround applied; "
            "one that isn't seen is stale.",
            check_issue_shows,
            topics=list_issues,
            expects_issues=False,
        ),
    ),
)
