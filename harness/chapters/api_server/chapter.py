"""Chapter 4: the same objects through Michelangelo's own API server, and the proto column of chapter 1's."""

from __future__ import annotations

from harness.chapters.api_server import checks
from harness.chapters.api_server.issues import ISSUES
from harness.chapters.api_server.issues import SECTION as ISSUES_SECTION
from harness.chapters.api_server.steps import open_scenario
from harness.spec.features import DELETION_DELAY, FINALIZER, PRIMARY_KEY
from harness.suite.chapter import Chapter, Section, whole_run

CHAPTER = Chapter(
    key="api_server",
    title="Through Michelangelo's API server",
    explanation="The same objects, written through Michelangelo's own API server instead of kubectl.",
    summary="needs Michelangelo's own API server",
    markers=("report", "api_server"),
    open=open_scenario,
    stands_on="seed",
    issues=ISSUES,
    features=(PRIMARY_KEY,),
    sections=(
        Section(
            "4.1",
            "Proto agrees",
            "Proto column agrees",
            "The proto column, decoded, equals the json column and the object, field by field.",
            checks.check_proto_column,
            expects_issues=False,
            alone=(
                "Proto column",
                "The rows of the first matrix: their proto column, decoded and compared with the object.",
            ),
        ),
        Section(
            "4.2",
            "Created",
            "Created through the API server",
            "The API server stores the CR, with the Ingester's finalizer where it is the one that adds it.",
            checks.check_created,
            features=(FINALIZER,),
            expects_issues=False,
            needs_apiserver=True,
        ),
        Section(
            "4.3",
            "Synced to MySQL",
            "Created row equals the object",
            "The object that the API server created has exactly one row, equal to it, its proto column included.",
            checks.check_created_row,
            needs_apiserver=True,
        ),
        Section(
            "4.4",
            "Updated",
            "Updated through the API server",
            "The API server accepts the update; an object of an immutable kind has left Kubernetes by then.",
            checks.check_updated,
            needs_apiserver=True,
        ),
        Section(
            "4.5",
            "Update in MySQL",
            "Updated row equals the object",
            "The row has reached the update's version, was written after it, and holds the updated values.",
            checks.check_updated_row,
            needs_apiserver=True,
        ),
        Section(
            "4.6",
            "Deleted",
            "Deleted through the API server",
            "A deletion is marked by annotation; the row is soft-deleted, then the finalizer and the object go.",
            checks.check_deleted,
            features=(FINALIZER, DELETION_DELAY),
            expects_issues=False,
            needs_apiserver=True,
        ),
        Section(
            ISSUES_SECTION,
            "Known issues",
            "Known issues of the API server show",
            "Every known issue of the API server that the profile expects shows; one that doesn't is stale.",
            checks.check_issues_show,
            features=(FINALIZER,),
            topics=whole_run,
            expects_issues=False,
            needs_apiserver=True,
        ),
    ),
)
