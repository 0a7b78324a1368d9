"""The checks of the API server's matrix, against a made-up product: each fault turns its own check red."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.api_server import checks, steps
from harness.chapters.api_server.chapter import CHAPTER
from harness.chapters.api_server.issues import ISSUES
from harness.chapters.api_server.steps import NO_API_SERVER, ApiScenario, open_scenario
from harness.chapters.seed.issues import ISSUES as SEED_ISSUES
from harness.clients.michelangelo.comparison import ProtoComparison
from harness.core import codes
from harness.core.errors import CheckFailure, HarnessError
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Known, NotApplicable, NotRun, StaleKnownIssueWarning
from harness.core.record import Check, Finding
from harness.spec.merge_patch import merge
from harness.spec.model import Case
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder
from tests.fakes.api_server import FakeApiServer
from tests.fakes.context import IMPATIENT, make_context
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

PROJECT = CONTRACT.get_case("Project")
MODEL = CONTRACT.get_case("Model")
SECTIONS = {section.number: section for section in CHAPTER.sections}
_ALL = ("4.2", "4.3", "4.4", "4.5", "4.6")


class Api:
    """Chapter 4 in a world with the given faults, of a version with the given known issues."""

    def __init__(
        self, *faults: str, issues: Sequence[KnownIssue] = (), kinds: Sequence[str] = ("Project",), **options: Any
    ) -> None:
        self.world = World(faults, immutable_kinds={"Model"})
        self.server = FakeApiServer(self.world)
        self.context = make_context(self.world, issues=issues, kinds=kinds, **options)
        self.scenario = ApiScenario(self.context, cast(Any, None), cast(Any, self.server))

    def carry_out(self, number: str, case: Case | None = PROJECT, *, stale_tolerated: str = "") -> Check:
        """Carry the section's check out and return its place in the record; raises how it ended."""
        section, recorder = SECTIONS[number], Recorder()
        check = Check(number, section.title, case.name if case else None)
        try:
            section.check(self.scenario, case, recorder)
            conclude(
                check,
                recorder,
                self.context.expectations,
                expects_issues=section.expects_issues,
                stale_tolerated=stale_tolerated,
            )
        finally:
            recorder.write_to(check)
            self.last = check
        return check

    def fail(self, number: str, case: Case | None = PROJECT) -> tuple[str, list[tuple[str, str]]]:
        """Return the message with which the section's check fails, and its findings by code and place."""
        with pytest.raises(CheckFailure) as failure:
            self.carry_out(number, case)
        return str(failure.value), [(finding.code, finding.where) for finding in self.last.findings]


@pytest.fixture(autouse=True)
def _no_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise NotApplicable("a made-up product has none")

    monkeypatch.setattr(checks, "require_classes", refuse)
    monkeypatch.setattr(checks, "find_run_classes", lambda _: None)


def test_a_right_product_passes_every_check() -> None:
    """Creation, row, update, row and deletion pass where nothing is wrong."""
    api = Api()
    for number in _ALL:
        check = api.carry_out(number)
        assert (check.findings, check.detail) == ([], "")


def test_each_step_is_carried_out_once() -> None:
    """However often and in whatever order its checks ask for it."""
    api = Api()
    for number in (*_ALL, *reversed(_ALL)):
        api.carry_out(number)
    assert [request.split(" ")[0] for request in api.world.requests] == ["create", "replace", "patch"]


def test_a_missing_finalizer_is_found() -> None:
    """An object without the Ingester's finalizer fails its creation."""
    message, findings = Api("no finalizer").fail("4.2")
    assert "without the Ingester's finalizer" in message
    assert findings == [(codes.FINALIZER_MISSING, "metadata.finalizers")]


def test_another_finalizer_is_not_the_ingesters() -> None:
    """A finalizer of somebody else doesn't count as the Ingester's."""
    api = Api("no finalizer")
    api.server.others_finalizers = ["deployments.example/finalizer"]
    assert "without the Ingester's finalizer" in api.fail("4.2")[0]


def test_an_answer_that_is_not_what_was_stored_is_found() -> None:
    """The API server's answer is compared with what kube-apiserver has at that version."""
    message, findings = Api("answers another object").fail("4.2")
    assert "was not answered as it was stored" in message
    assert findings == [(codes.ROW_JSON, "spec.description")]


def test_an_object_made_of_its_crd_may_break_a_rule_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the API server's own code asks for besides, no CRD says: that is told, and judges nobody."""
    api, case = Api("refuses creation"), dataclasses.replace(PROJECT, template=None)
    rendered = api.context.render(PROJECT, "there")
    monkeypatch.setattr(api.context, "render", lambda *_, **__: rendered)
    for number in _ALL:
        with pytest.raises(NotApplicable, match="asks for more than the CRD: no"):
            api.carry_out(number, case)


def test_a_refused_creation_is_found_and_leaves_nothing_to_check() -> None:
    """A CR that the API server refuses fails its creation; what stands on it does not run."""
    api = Api("refuses creation")
    message, findings = api.fail("4.2")
    assert "was not accepted" in message
    assert [code for code, _ in findings] == [codes.REQUEST_REFUSED]
    for number in _ALL[1:]:
        with pytest.raises(NotRun, match="400 INVALID_ARGUMENT: no"):
            api.carry_out(number)
    with pytest.raises(NotRun, match="400 INVALID_ARGUMENT: no"):
        api.scenario.delete(PROJECT)


def test_a_row_that_does_not_come_is_found() -> None:
    """An object that never reaches MySQL fails its row's check."""
    message, findings = Api("syncs nothing").fail("4.3")
    assert "did not reach resourceVersion 100" in message
    assert [code for code, _ in findings] == [codes.ROW_MISSING]


def test_a_wrong_row_is_found() -> None:
    """After the creation, and after the update."""
    assert Api("writes wrong values").fail("4.3")[1] == [(codes.ROW_COLUMN, "column group_ver")]
    assert (codes.ROW_BEHIND, "column res_version") in Api("syncs no patch").fail("4.5")[1]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (
            "deletes for good",
            [(codes.ANNOTATION_MISSING, "annotation michelangelo/Deleting")],
        ),
        ("no annotation", [(codes.ANNOTATION_MISSING, "annotation michelangelo/Deleting")]),
        ("keeps the row", [(codes.ROW_LIVE, "column delete_time")]),
        ("removes the row", [(codes.ROW_LOST, "the row of the deleted object")]),
        ("wrong time", [(codes.ROW_TIME, "column delete_time")]),
        ("keeps the finalizer", [(codes.FINALIZER_KEPT, "metadata.finalizers")]),
        ("keeps the object", [(codes.OBJECT_KEPT, "the object in Kubernetes")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_deletion_is_found(fault: str, found: list[tuple[str, str]]) -> None:
    """Each step that a deletion leaves out, or does in another way, is a difference of its own."""
    message, findings = Api(fault).fail("4.6")
    assert "was not deleted as the Ingester's contract says" in message
    assert findings == found


def test_a_row_that_lives_on_is_part_of_a_deletion_for_good() -> None:
    """Nobody has asked the Ingester for anything: one finding, which says so of the row."""
    api = Api("deletes for good")
    api.fail("4.6")
    assert "the row at the end: live" in api.last.findings[0].actual


def test_a_refused_deletion_is_found() -> None:
    """An API server that answers a deletion with an error fails it, with its words."""
    assert "500 UNKNOWN: panic: nil pointer" in Api("refuses deletion").fail("4.6")[0]


def test_an_object_held_by_others_counts_as_gone() -> None:
    """Finalizers of business controllers are not the Ingester's: the check passes, and names them."""
    api = Api()
    api.server.others_finalizers = ["deployments.example/finalizer"]
    assert api.carry_out("4.6").detail == "held by deployments.example/finalizer"


def test_an_update_is_tried_again_where_somebody_was_quicker() -> None:
    """A conflict is read and written anew, as in production; it is no failure."""
    api = Api(timeouts=dataclasses.replace(IMPATIENT, log_s=10.0))   # a busy machine is slow to try again
    api.server.conflicts = 2
    assert "3 attempts" in [item.title for item in api.carry_out("4.4").evidence]


def test_conflicts_without_end_fail_the_update() -> None:
    """For as long as a line of the log is waited for, and no longer."""
    api = Api()
    api.server.conflicts = 10_000
    assert "409 FAILED_PRECONDITION" in api.fail("4.4")[0]


def test_the_created_version_is_found_though_the_object_is_gone() -> None:
    """An object that leaves Kubernetes within milliseconds is judged as it was created."""
    api = Api()
    assert api.carry_out("4.2", MODEL).findings == []
    assert api.world.get(MODEL.kind, "there-1", "bert-cola-r29zt") is None


def test_an_immutable_object_leaves_and_its_row_stays() -> None:
    """Of an immutable kind, the object goes and the row stays; there is nothing left to delete."""
    api = Api()
    api.carry_out("4.3", MODEL)
    reasons = {"4.4": "has left Kubernetes", "4.5": "the row stays", "4.6": "nothing in Kubernetes"}
    for number, reason in reasons.items():
        with pytest.raises(NotApplicable, match=reason):
            api.carry_out(number, MODEL)
    assert "what the API server says of an object that is in MySQL only" in [
        item.title for item in api.scenario.update(MODEL).evidence
    ]


def test_an_immutable_object_that_stays_is_found() -> None:
    """That an object of an immutable kind leaves is judged, not assumed."""
    message, findings = Api("keeps the object").fail("4.4", MODEL)
    assert "still in Kubernetes" in message
    assert [code for code, _ in findings] == [codes.OBJECT_KEPT]


def test_a_row_that_does_not_outlive_its_immutable_object_is_found() -> None:
    """It is all that there is of it."""
    api = Api()
    api.scenario.update(MODEL)
    api.world.rows["model"].clear()
    assert api.fail("4.5", MODEL)[1] == [(codes.ROW_CHANGED, "the row")]


@pytest.mark.parametrize(
    ("number", "fault", "issue"),
    [
        ("4.2", "no finalizer", "api-server-adds-no-finalizer"),
        ("4.6", "deletes for good", "api-server-deletes-for-good"),
    ],
)
def test_a_known_issue_is_recognised(number: str, fault: str, issue: str) -> None:
    """Where the profile expects it, upstream's behaviour is known; the profile that doesn't sees a failure."""
    api = Api(fault, issues=ISSUES)
    with pytest.raises(Known):
        api.carry_out(number)
    assert api.last.issues == [issue]
    Api(fault).fail(number)


@pytest.mark.parametrize(
    ("number", "faults"),
    [
        ("4.6", ["no annotation"]),
        ("4.6", ["keeps the row"]),
        ("4.6", ["removes the row"]),
        ("4.2", ["answers another object", "no finalizer"]),
    ],
)
def test_a_known_issue_excuses_nothing_else(number: str, faults: list[str]) -> None:
    """A fault that only looks like the known ones still fails, though both are there."""
    Api(*faults, issues=ISSUES).fail(number)


def test_a_known_issue_that_does_not_show_is_stale() -> None:
    """An API server that does it right fails the profile's list, which is then pruned."""
    api = Api(issues=ISSUES)
    message, _ = api.fail("4.7", None)
    assert "known issue api-server-adds-no-finalizer is stale" in message
    assert api.last.stale == [issue.id for issue in ISSUES]
    with pytest.warns(StaleKnownIssueWarning):
        assert api.carry_out("4.7", None, stale_tolerated="nobody minds").stale == [issue.id for issue in ISSUES]
    other = Api(issues=ISSUES)
    for number in _ALL:   # and fails no other check
        assert other.carry_out(number).stale == []


def test_known_issues_that_show_are_shown() -> None:
    """Upstream's behaviour proves both of its known issues, and one alone leaves the other stale."""
    api = Api("no finalizer", "deletes for good", issues=ISSUES)
    check = api.carry_out("4.7", None)
    assert check.issues == [issue.id for issue in ISSUES]
    assert check.detail.startswith("api-server-deletes-for-good: ")
    one = Api("no finalizer", issues=ISSUES)
    one.fail("4.7", None)
    assert (one.last.issues, one.last.stale) == ([ISSUES[0].id], [ISSUES[1].id])


def test_a_refused_probe_shows_nothing() -> None:
    """Issues are stale then as well: nothing was seen of them, and the refusal fails its own check."""
    api = Api("refuses creation", issues=ISSUES)
    api.fail("4.7", None)
    assert api.last.stale == [issue.id for issue in ISSUES]


def test_without_an_api_server_nothing_is_applicable() -> None:
    """Where there is none, the checks say so and how to get one."""
    api = Api()
    scenario = open_scenario(api.context, cast(Any, None))
    assert scenario.unavailable == NO_API_SERVER
    api.scenario = scenario
    for number in (*_ALL, "4.7"):
        with pytest.raises(NotApplicable, match="--api-server HOST:PORT"):
            api.carry_out(number, None if number == "4.7" else PROJECT)
    with pytest.raises(HarnessError, match="--api-server"):
        _ = scenario.server
    scenario.close()
    assert api.world.requests == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is not enough to speak to it."""
    monkeypatch.setattr(steps, "find_missing", lambda: "install the extra 'michelangelo'")
    context = Api().context
    context.api_server = "127.0.0.1:15566"
    assert open_scenario(context, cast(Any, None)).unavailable == "install the extra 'michelangelo'"


def test_the_connection_is_closed_with_the_chapter() -> None:
    """By whoever closes its state."""
    api = Api()
    api.scenario.close()
    assert api.server.closed


def test_only_a_kind_that_no_version_serves_may_be_unserved() -> None:
    """InferenceServer without a service is not applicable; a Project without one is a failure."""
    api = Api("refuses creation")
    api.server.unserved = {"InferenceServer", "Project"}
    absent = api.scenario.explain_absence(CONTRACT.get_case("InferenceServer"))
    assert absent == "the API server has no service for InferenceServer"
    assert "was not accepted" in api.fail("4.2")[0]


def test_kinds_that_would_bring_the_product_down_are_left_out() -> None:
    """A known issue that needs a workaround is not provoked a second time."""
    api = Api(issues=SEED_ISSUES)
    spark = CONTRACT.get_case("SparkJob")
    assert api.scenario.explain_absence(spark) == "known issue sparkjob-double-panic would show again"
    with pytest.raises(NotApplicable, match="would show again"):
        api.carry_out("4.2", spark)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [(("SparkJob", "Project"), "Project"), (("Model",), "immutable kinds only"), ((), "no case")],
)
def test_issues_are_looked_for_with_the_first_kind_that_can_show_them(kinds: Sequence[str], expected: str) -> None:
    """One that can't be sent, or can't be deleted, shows nothing."""
    api = Api(issues=SEED_ISSUES, kinds=kinds)
    try:
        found = checks.find_probe(api.scenario).name
    except NotApplicable as reason:
        found = reason.detail
    assert found == expected or found.startswith(expected)


def test_a_kind_without_controller_does_not_run() -> None:
    """Its rows would be awaited in vain: section 1.3 has failed already."""
    api = Api(registered=["Model"])
    for number in _ALL:
        with pytest.raises(NotRun, match=r"1\.3"):
            api.carry_out(number)


def test_objects_live_beside_those_of_the_kubectl_path() -> None:
    """In a namespace that is taken when the first of them is sent."""
    api = Api()
    assert api.context.namespace == "there-1"
    assert api.scenario.create(PROJECT).namespace == "there-2"


def test_what_an_object_refers_to_is_created_before_it() -> None:
    """But what the API server can't be sent."""
    api = Api()
    api.scenario.create(CONTRACT.get_case("Model"))
    assert [request.split(" ")[1] for request in api.world.requests] == ["ModelFamily", "Model"]


class Decoded:
    """What comparing the proto column with the object brings."""

    def __init__(self, findings: Sequence[Finding] = (), unknown: Sequence[Any] = ()) -> None:
        self.comparison = cast(ProtoComparison, SimpleNamespace(findings=list(findings), unknown=list(unknown)))

    def __call__(self, *_: object) -> ProtoComparison:
        """Return it."""
        return self.comparison


PROTO = Finding(codes.ROW_PROTO, "column proto, spec.tier", "1", "2")


def _with_protobuf(monkeypatch: pytest.MonkeyPatch, decoded: Decoded) -> Api:
    for name in ("require_classes", "find_run_classes"):
        monkeypatch.setattr(checks, name, lambda _: SimpleNamespace(source="michelangelo 0.12"))
    monkeypatch.setattr(checks, "examine_decoded", decoded)
    api = Api()
    api.scenario.seed = cast(Any, api.scenario)
    return api


def test_a_proto_column_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the kubectl path's row, and in those of the API server's once nothing else is wrong with them."""
    api = _with_protobuf(monkeypatch, Decoded([PROTO]))
    for number in ("4.1", "4.3", "4.5"):
        message, findings = api.fail(number)
        assert "the two copies of the object in its row differ" in message
        assert findings == [(codes.ROW_PROTO, PROTO.where)]


def test_a_proto_column_that_agrees_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the comparison as its evidence."""
    check = _with_protobuf(monkeypatch, Decoded()).carry_out("4.1")
    assert check.evidence[-1].title == "the proto column of res_version 100, decoded by michelangelo 0.12: equal"


def test_classes_that_are_too_old_can_not_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they don't know is no difference; a difference beside it is still one."""
    unknown = SimpleNamespace(path="spec", numbers=[77], empty=False)
    with pytest.raises(HarnessError, match=r"is older than the product, .* can't read spec \(field 77\)"):
        _with_protobuf(monkeypatch, Decoded(unknown=[unknown])).carry_out("4.1")
    _with_protobuf(monkeypatch, Decoded([PROTO], [unknown])).fail("4.1")


def test_without_protobuf_classes_it_is_not_applicable() -> None:
    """And no other check depends on them."""
    with pytest.raises(NotApplicable, match="has none"):
        Api().carry_out("4.1")


def test_a_row_that_is_missing_has_no_proto_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a finding, with the code of its absence."""
    api = _with_protobuf(monkeypatch, Decoded())
    api.world.faults.add("syncs nothing")
    assert [code for code, _ in api.fail("4.1")[1]] == [codes.ROW_MISSING]


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_a_merge_patch_is_applied_as_kubernetes_does(target: Any, patch: Any, expected: Any) -> None:
    """Objects merge, null removes, everything else replaces."""
    assert merge(target, patch) == expected


def test_a_cr_is_adapted_without_changing_the_template() -> None:
    """What the API server demands beyond the CRD is added to a copy."""
    api = Api()
    plain = api.context.render(PROJECT, "there")
    sent = api.scenario.create(PROJECT).sent
    assert sent["spec"]["owner"]["owners"] == plain["spec"]["owner"]["owners"]
    assert sent["spec"]["owner"]["owningTeam"] != plain["spec"]["owner"]["owningTeam"]
    assert api.context.render(PROJECT, "there") == plain
    assert sent["metadata"]["name"] == sent["metadata"]["namespace"]


def test_what_needs_the_api_server_says_so() -> None:
    """All but the proto column, which is about the rows of chapter 1."""
    assert [section.number for section in CHAPTER.sections if not section.needs_apiserver] == ["4.1"]


def test_the_proto_column_may_stand_alone() -> None:
    """It is about chapter 1's objects, and says so."""
    (proto,) = [section for section in CHAPTER.describe().sections if section.title]
    assert (proto.number, proto.title) == ("4.1", "Proto column")
