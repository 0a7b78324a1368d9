"""Chapter 10, a user's own objects: its sections, each with what it promises and the check that shows it."""

from __future__ import annotations

from harness.chapters.objects.lives import Lives, Own
from harness.core.outcomes import NotApplicable
from harness.core.record import Layout
from harness.suite.chapter import Chapter, Section, Selection, Topic
from harness.suite.recorder import Recorder
from harness.suite.user_objects import UserObject

UNREADABLE = "objects.unreadable"   # a document of the user's files is no object


def list_own(selection: Selection) -> list[Topic]:
    """Return a topic per object of the run's kinds."""
    cases = {case.name: case for case in selection.cases}
    return [
        Topic(each.topic, Own(each, cases[each.kind]), title=f"{each.kind} {each.name}")
        for each in selection.objects
        if each.kind in cases
    ]


def list_others(selection: Selection) -> list[Topic]:
    """Return one topic, all documents that are no objects of the run's kinds; none where there are none."""
    names = {case.name for case in selection.cases}
    others = tuple(each for each in selection.objects if each.kind not in names)
    return [Topic("", others)] if others else []


def check_brought(lives: Lives, own: Own, recorder: Recorder) -> None:
    """10.1: the object's row equals it, once it is created and once it is patched by nothing."""
    recorder.problem = f"{own.user_object} does not reach MySQL whole"
    recorder.look_at = "the evidence of this check: the object as it was sent, and its row"
    recorder.facts["file"] = own.user_object.source
    lives.bring(own, recorder)


def check_deleted(lives: Lives, own: Own, recorder: Recorder) -> None:
    """10.2: the object's deletion is in its row."""
    recorder.problem = f"{own.user_object} was not deleted as the contract says"
    recorder.facts["file"] = own.user_object.source
    lives.delete(own, recorder)


def check_others(_: Lives, others: tuple[UserObject, ...], recorder: Recorder) -> None:
    """10.3: what is no object of the run's kinds is named; a document that is no object at all is a finding."""
    recorder.problem = "documents of --objects are no objects"
    skipped = [str(each) for each in others if not each.problem]
    for each in others:
        if each.problem:
            recorder.find(UNREADABLE, each.source, "objects of Kubernetes", each.problem)
    if skipped:
        recorder.note("objects of other kinds, left out", "\n".join(skipped))
    if not recorder.findings:
        raise NotApplicable(f"not of the run's kinds, and left out: {'; '.join(skipped)}")


CHAPTER = Chapter(
    key="objects",
    title="Objects of the user's own",
    explanation="The objects of --objects: created in namespaces of the run, patched by nothing, and deleted.",
    summary="the objects of --objects",
    markers=("objects",),
    open=Lives,
    layout=Layout.TABLE,
    sections=(
        Section(
            "10.1",
            "Own objects",
            "An object of the user's reaches MySQL",
            "Its row equals the object: once it is created, and once it is patched by nothing.",
            check_brought,
            topics=list_own,
        ),
        Section(
            "10.2",
            "Own objects deleted",
            "An object of the user's is deleted",
            "Its row is soft-deleted; of a retained or immutable kind it stays live.",
            check_deleted,
            topics=list_own,
        ),
        Section(
            "10.3",
            "Others",
            "What else the files hold",
            "Objects of other kinds are named and left out; a document that is no object is a finding.",
            check_others,
            topics=list_others,
        ),
    ),
)
