"""Each outcome of an input, and what is found wrong with it."""

from __future__ import annotations

import json

from harness.chapters.hostile_input.judgement import Outcome, get_database_error, judge, judge_batch
from harness.chapters.hostile_input.places import split
from harness.chapters.hostile_input.submission import Batch

from .builders import CASE, make_object, make_refused, make_row, make_submission

TEXT = {split("spec.description"): "it's \\ \U0001f600\x00", split("spec.owner.name"): "o'clock"}
ERROR = "failed to upsert object: Error 1406 (22001): Data too long for column 'owner' at row 1"


def test_equal_row_is_intact() -> None:
    """An input whose row equals the object is intact, and nothing is wrong."""
    judgement = judge(make_submission(TEXT))
    assert (judgement.outcome, judgement.findings) == (Outcome.INTACT, ())


def test_refusal_is_an_outcome_of_its_own() -> None:
    """What the API server refuses is recorded with its answer, and is no finding."""
    judgement = judge(make_refused())
    assert (judgement.outcome, judgement.findings) == (Outcome.REFUSED, ())
    assert "422 Invalid" in judgement.detail


def test_never_synced_says_the_database_s_own_error() -> None:
    """An object without a row whose writing fails is never synced; the finding names kind, input and error."""
    judgement = judge(make_submission(TEXT, row=None, obj=None, errors=[ERROR] * 4))
    assert judgement.outcome is Outcome.NEVER_SYNCED
    assert [str(finding) for finding in judgement.findings] == [
        "Pipeline, input quote: expected a row equal to the object, or a refusal, "
        "got never synced: Error 1406 (22001): Data too long for column 'owner' at row 1"
    ]


def test_an_error_that_passes_is_not_why_it_is_never_synced() -> None:
    """Locks that others hold strike any attempt, the last one as well; alone they are all that can be said."""
    passing = "Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"
    judgement = judge(make_submission(TEXT, row=None, obj=None, errors=[ERROR] * 4 + [passing]))
    assert judgement.detail == "Error 1406 (22001): Data too long for column 'owner' at row 1 (5 attempts)"
    assert "Deadlock found" in judge(make_submission(TEXT, row=None, obj=None, errors=[passing])).detail


def test_no_row_without_an_error_is_lost() -> None:
    """An object without a row of which the log says nothing is lost."""
    judgement = judge(make_submission(row=None, obj=None))
    assert judgement.outcome is Outcome.LOST
    assert "no error in the log" in str(judgement.findings[0])


def test_labels_without_a_row_are_a_finding_of_their_own() -> None:
    """What is left in a child table of an object that was never synced is half of a row."""
    judgement = judge(make_submission(row=None, obj=None, errors=[ERROR], leftovers=["pipeline_labels"]))
    assert str(judgement.findings[1]) == (
        "Pipeline, input quote, table pipeline_labels: expected nothing without a row, got its rows"
    )


def test_changed_text_is_damage() -> None:
    """A column that lost a character, a json that lost one, or a pair that did is named with its place."""
    submission = make_submission(TEXT)
    obj = make_object(submission.input)
    broken = {**obj, "spec": {**obj["spec"], "description": "it's  \U0001f600"}}
    submission.row = make_row(obj, owner="oclock", json=json.dumps(broken))
    judgement = judge(submission)
    assert judgement.outcome is Outcome.DAMAGED
    assert [finding.where for finding in judgement.findings] == [
        "Pipeline, input quote, column owner",
        "Pipeline, input quote, column json, spec.description",
    ]


def test_text_that_protobuf_lacks_is_damage() -> None:
    """A proto column in protobuf's format must contain each text of the input as it is."""
    submission = make_submission(TEXT)
    obj = make_object(submission.input)
    metadata = obj["metadata"]
    known = [metadata[k] for k in ("uid", "namespace", "name", "resourceVersion")] + ["test", "ingester"]
    whole = b"\x0a" + "".join([*known, *TEXT.values()]).encode()
    submission.row = make_row(obj, proto=whole)
    assert judge(submission).outcome is Outcome.INTACT
    submission.row = make_row(obj, proto=whole.replace(b"o'clock", b"o''clock"))
    assert [finding.where for finding in judge(submission).findings] == ["Pipeline, input quote, column proto"]


def test_json_in_the_proto_column_is_compared_whole() -> None:
    """An ingester that keeps JSON there has each of its fields compared."""
    submission = make_submission(TEXT)
    obj = make_object(submission.input)
    broken = {**obj, "spec": {**obj["spec"], "description": "other"}}
    submission.row = make_row(obj, proto=json.dumps(broken).encode())
    (finding,) = judge(submission).findings
    assert finding.where == "Pipeline, input quote, column proto, spec.description"


def test_version_that_the_object_never_had_is_damage() -> None:
    """A row whose resourceVersion is not among the object's can't be compared, which is a finding."""
    judgement = judge(make_submission(TEXT, obj=None))
    assert judgement.outcome is Outcome.DAMAGED
    assert "column res_version" in str(judgement.findings[0])


def test_what_the_api_server_stored_instead_is_told() -> None:
    """Text that the API server itself changed is compared as it stored it, and that is said."""
    submission = make_submission({split("spec.description"): "a\ud83d"})
    obj = make_object(submission.input)
    obj["spec"]["description"] = "a\ufffd"
    submission.answer, submission.obj, submission.row = obj, obj, make_row(obj)
    judgement = judge(submission)
    assert judgement.outcome is Outcome.INTACT
    assert 'the API server stored "a\ufffd" instead' in judgement.detail


def test_rows_of_nobody_and_restarts_are_found() -> None:
    """A row in the chapter's namespace that nobody's object explains is a finding, and so is a restart."""
    batch = Batch(CASE, [make_submission()], strays=["uid-x"], crashes="1 restarts, now Running: exit code 2")
    judgements, findings = judge_batch(batch)
    assert [judgement.outcome for judgement in judgements] == [Outcome.INTACT]
    assert [finding.where for finding in findings] == ["Pipeline, table pipeline", "Pipeline, controller manager"]


def test_findings_can_be_printed() -> None:
    """A finding holds nothing that would steer a terminal, or can't be written to a file."""
    submission = make_submission({split("spec.description"): "\x1b[31m\u202e\x85"})
    submission.row = make_row(make_object(submission.input), owner="\x9b\u202e")
    text = "".join(map(str, judge(submission).findings))
    assert text.isprintable()


def test_the_database_s_error_is_found_behind_a_long_value() -> None:
    """An error that repeats the whole of a value is reduced to what the database said."""
    error = f"failed to insert annotation a={'x' * 100_000}: Error 1406 (22001): Data too long for column 'value'"
    assert get_database_error(error) == "Error 1406 (22001): Data too long for column 'value'"
    assert get_database_error("1406 (22001): Data too long") == "1406 (22001): Data too long"
    assert len(get_database_error("x" * 100_000)) < 400
