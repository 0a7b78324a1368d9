"""The checks of the API server's matrix, against a made-up product: each fault turns its own check red."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from harness.chapters.api_server.run import ApiRun
from harness.chapters.seed.run import Run
from harness.spec.cases import CASES_BY_NAME

from harness.chapters.api_server import checks as api_checks
from harness.chapters.api_server.crs import adapt
from harness.chapters.seed import checks
from harness.core.errors import CheckFailure
from harness.core.outcomes import Known, NotApplicable, NotRun, StaleKnownIssueWarning
from harness.core.record import Check
from harness.core.settings import Timeouts
from harness.spec.merge_patch import merge
from harness.spec.profiles import Profile, load_profile
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World

PROJECT = CASES_BY_NAME["Project"]
MODEL = CASES_BY_NAME["Model"]
CLEAN = Profile("clean", "nothing is known to go wrong", frozenset({"Model"}))
MAIN = load_profile("upstream-main")

MakeRun = Callable[..., ApiRun]


@pytest.fixture
def make_run(sandbox: FakeSandbox) -> MakeRun:
    """Return a function that makes a run in a world with the given faults."""

    def make(faults: Iterable[str] = (), profile: Profile = CLEAN, world: World | None = None) -> ApiRun:
        world = world or World(faults)
        run = SimpleNamespace(
            sandbox=sandbox,
            cluster=world,
            database=world,
            profile=profile,
            timeouts=Timeouts(sync_s=0.05, log_s=0.05, issue_s=0.05, glance_s=0.01),
            get_expected_messages=lambda _: (),
            get_registration=lambda: SimpleNamespace(missing=[], headline=""),
        )
        return ApiRun(cast(Run, run), cast(Any, world), lambda: "there")

    return make


@pytest.fixture
def check() -> Check:
    """Return a place in the record."""
    return Check("4", "t")


@pytest.fixture(autouse=True)
def _no_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_checks, "explain_no_protobuf", lambda _: "a made-up product has none")


def _run_all(api: ApiRun, check: Check) -> None:
    api_checks.check_api_created(api.create(PROJECT), check)
    api_checks.check_api_row(api, api.sync(PROJECT), check)
    checks.check_patched(api.update(PROJECT), check)
    api_checks.check_api_updated_row(api, api.sync_update(PROJECT), api.update(PROJECT), check)
    api_checks.check_api_deleted(api.delete(PROJECT), check)


def test_a_right_product_passes_every_check(make_run: MakeRun, check: Check) -> None:
    """Creation, row, update, row and deletion pass where nothing is wrong."""
    _run_all(make_run(), check)
    assert (check.findings, check.detail) == ([], "")


def test_a_missing_finalizer_is_found(make_run: MakeRun, check: Check) -> None:
    """An object without the Ingester's finalizer fails its creation."""
    with pytest.raises(CheckFailure, match="without the Ingester's finalizer"):
        api_checks.check_api_created(make_run(["no finalizer"]).create(PROJECT), check)
    assert [m.where for m in check.findings] == ["metadata.finalizers"]


def test_another_finalizer_is_not_the_ingesters(make_run: MakeRun, check: Check) -> None:
    """A finalizer of somebody else doesn't count as the Ingester's."""
    world = World(["no finalizer"])
    world.others_finalizers = ["deployments.example/finalizer"]
    with pytest.raises(CheckFailure, match="without the Ingester's finalizer"):
        api_checks.check_api_created(make_run(world=world).create(PROJECT), check)


def test_an_answer_that_is_not_what_was_stored_is_found(make_run: MakeRun, check: Check) -> None:
    """The API server's answer is compared with what kube-apiserver has at that version."""
    with pytest.raises(CheckFailure, match="was not answered as it was stored"):
        api_checks.check_api_created(make_run(["answers another object"]).create(PROJECT), check)
    assert [m.where for m in check.findings] == ["spec.description"]


def test_a_refused_creation_is_found_and_leaves_nothing_to_check(make_run: MakeRun, check: Check) -> None:
    """A CR that the API server refuses fails its creation; what stands on it does not run."""
    api = make_run(["refuses creation"])
    with pytest.raises(CheckFailure, match="was not accepted"):
        api_checks.check_api_created(api.create(PROJECT), check)
    with pytest.raises(NotRun, match="400 INVALID_ARGUMENT: no"):
        api.delete(PROJECT)


def test_a_row_that_does_not_come_is_found(make_run: MakeRun, check: Check) -> None:
    """An object that never reaches MySQL fails its row's check."""
    api = make_run(["syncs nothing"])
    with pytest.raises(CheckFailure, match="did not reach resourceVersion 100"):
        api_checks.check_api_row(api, api.sync(PROJECT), check)


@pytest.mark.parametrize(
    ("faults", "where"),
    [
        (["deletes for good"], ["annotation michelangelo/Deleting", "column delete_time"]),
        (["no annotation"], ["annotation michelangelo/Deleting"]),
        (["keeps the row"], ["column delete_time"]),
        (["removes the row"], ["the row"]),
        (["wrong time"], ["column delete_time"]),
        (["keeps the finalizer"], ["metadata.finalizers"]),
        (["keeps the object"], ["the object in Kubernetes"]),
    ],
    ids=lambda value: value[0],
)
def test_a_wrong_deletion_is_found(
    faults: list[str], where: list[str], make_run: MakeRun, check: Check
) -> None:
    """Each step that a deletion leaves out, or does in another way, is a difference of its own."""
    with pytest.raises(CheckFailure, match="was not deleted as the Ingester's contract says"):
        api_checks.check_api_deleted(make_run(faults).delete(PROJECT), check)
    assert [m.where for m in check.findings] == where


def test_a_refused_deletion_is_found(make_run: MakeRun, check: Check) -> None:
    """An API server that answers a deletion with an error fails it, with its words."""
    with pytest.raises(CheckFailure, match="500 UNKNOWN: panic: nil pointer"):
        api_checks.check_api_deleted(make_run(["refuses deletion"]).delete(PROJECT), check)


def test_an_object_held_by_others_counts_as_gone(make_run: MakeRun, check: Check) -> None:
    """Finalizers of business controllers are not the Ingester's: the check passes, and names them."""
    world = World()
    world.others_finalizers = ["deployments.example/finalizer"]
    api_checks.check_api_deleted(make_run(world=world).delete(PROJECT), check)
    assert check.detail == "held by deployments.example/finalizer"


def test_an_update_is_tried_again_where_somebody_was_quicker(make_run: MakeRun, check: Check) -> None:
    """A conflict is read and written anew, as in production; it is no failure."""
    world = World()
    world.conflicts = 2
    checks.check_patched(make_run(world=world).update(PROJECT), check)
    assert "3 attempts" in [item.title for item in check.evidence]


def test_the_created_version_is_found_though_the_object_is_gone(make_run: MakeRun, check: Check) -> None:
    """An object that leaves Kubernetes within milliseconds is judged as it was created."""

    class Hasty(World):
        def create(self, *arguments: Any) -> Any:
            answer = super().create(*arguments)
            self.leave()
            return answer

    api_checks.check_api_created(make_run(world=Hasty()).create(MODEL), check)


def test_an_immutable_object_leaves_and_its_row_stays(make_run: MakeRun, check: Check) -> None:
    """Of an immutable kind, the object goes and the row stays."""
    world = World()
    api = make_run(world=world)
    api.sync(MODEL)
    world.leave()
    checks.check_departed(api.leave(MODEL), check)
    checks.check_row_stays(api.leave(MODEL), api.read_row(MODEL), check)


def test_an_immutable_object_that_stays_is_found(make_run: MakeRun, check: Check) -> None:
    """That an object of an immutable kind leaves is judged, not assumed."""
    with pytest.raises(CheckFailure, match="still in Kubernetes"):
        checks.check_departed(make_run().leave(MODEL), check)


def _judge(api: ApiRun, check: Check, step: Callable[[], None]) -> None:
    with api_checks.judging_api(api, PROJECT, check):
        step()


@pytest.mark.parametrize(
    ("fault", "issue"),
    [("no finalizer", "api-server-adds-no-finalizer"), ("deletes for good", "api-server-deletes-for-good")],
)
def test_a_known_issue_is_recognised_by_its_evidence(
    fault: str, issue: str, make_run: MakeRun, check: Check
) -> None:
    """Where the profile expects it, upstream's behaviour is known; the profile that doesn't sees a failure."""
    api = make_run([fault], MAIN)
    with pytest.raises(Known, match=issue):
        _judge(api, check, lambda: _run_all(api, check))


@pytest.mark.parametrize("fault", ["no annotation", "keeps the row", "removes the row", "answers another object"])
def test_a_known_issue_excuses_nothing_else(fault: str, make_run: MakeRun, check: Check) -> None:
    """A fault that only looks like the known ones still fails, though both are there."""
    api = make_run([fault, "no finalizer"] if fault == "answers another object" else [fault], MAIN)
    with pytest.raises(CheckFailure):
        _judge(api, check, lambda: _run_all(api, check))


def test_a_known_issue_that_does_not_show_is_stale(make_run: MakeRun, check: Check) -> None:
    """An API server that does it right fails the profile's list, which is then pruned."""
    for issue in MAIN.api_known_issues:
        with pytest.raises(CheckFailure, match=f"known issue {issue.id} is stale"):
            api_checks.check_api_issue(issue, make_run(), PROJECT, check, allow_stale=False)
        with pytest.warns(StaleKnownIssueWarning):
            api_checks.check_api_issue(issue, make_run(), PROJECT, check, allow_stale=True)


def test_a_known_issue_that_shows_is_shown(make_run: MakeRun, check: Check) -> None:
    """Upstream's behaviour proves both of its known issues."""
    api = make_run(["no finalizer", "deletes for good"])
    for issue in MAIN.api_known_issues:
        api_checks.check_api_issue(issue, api, PROJECT, check, allow_stale=False)
        assert check.detail.startswith(issue.id)


def test_without_an_api_server_nothing_is_applicable(make_run: MakeRun, check: Check) -> None:
    """Where there is none, the checks say so and how to get one."""
    api = ApiRun(make_run().run, None, lambda: "there", unavailable="none: use --api-server")
    with pytest.raises(NotApplicable, match="none: use --api-server"):
        _judge(api, check, lambda: None)
    with pytest.raises(NotApplicable, match="none: use --api-server"):
        api_checks.find_probe(api, [PROJECT])


def test_only_a_kind_that_no_version_serves_may_be_unserved(make_run: MakeRun, check: Check) -> None:
    """InferenceServer without a service is not applicable; a Project without one is a failure."""
    world = World(["refuses creation"])
    world.unserved = {"InferenceServer", "Project"}
    api = make_run(world=world)
    assert api.explain_absence(CASES_BY_NAME["InferenceServer"]) == (
        "the API server has no service for InferenceServer"
    )
    with pytest.raises(CheckFailure, match="was not accepted"):
        _judge(api, check, lambda: api_checks.check_api_created(api.create(PROJECT), check))


def test_kinds_that_would_bring_the_product_down_are_left_out(make_run: MakeRun) -> None:
    """A known issue that needs a workaround is not provoked a second time."""
    api = make_run(profile=load_profile("report-2026-03"))
    assert api.explain_absence(CASES_BY_NAME["SparkJob"]) == "known issue sparkjob-double-panic would show again"


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


def test_a_cr_is_adapted_without_changing_the_template(make_run: MakeRun) -> None:
    """What the API server demands beyond the CRD is added to a copy."""
    obj = {"spec": {"owner": {"owningTeam": "michelangelo", "owners": ["me"]}}}
    adapted = adapt(PROJECT, obj)
    assert adapted["spec"]["owner"]["owners"] == ["me"]
    assert obj["spec"]["owner"]["owningTeam"] == "michelangelo" != adapted["spec"]["owner"]["owningTeam"]
