"""`harness.cli.reproduction`: the command that repeats a round."""

from __future__ import annotations

from pathlib import Path

from harness.spec.cases import CASES, find_case

from harness.cli.reproduction import spell_round
from harness.core.settings import ControllerManager, SandboxSettings
from harness.suite.target import Target


def test_the_command_names_what_is_tested_and_the_round() -> None:
    """An executable, its files, the kinds, the faults, the seed and the outage are all in the command."""
    sandbox = SandboxSettings(
        controllermgr=ControllerManager(Path("/opt/my manager")),
        crds=Path("/opt/crds"),
        base_yaml_overrides=(("ingester.requeuePeriod", "5s"),),
    )
    target = Target(sandbox=sandbox, profile="upstream-main")
    assert spell_round(target, [find_case("project")], ["mysql-kill", "etcd-stop"], 7, 2.5) == (
        "python -m harness soak --fault mysql-kill --fault etcd-stop --seed 7 --outage 2.5"
        " --controllermgr '/opt/my manager' --crds /opt/crds --profile upstream-main"
        " --set ingester.requeuePeriod=5s --crd project"
    )


def test_the_reference_needs_its_profile_only() -> None:
    """A run of the reference, with all kinds, is spelt without options that say nothing."""
    command = spell_round(Target(profile="upstream-main"), CASES, ["mysql-kill"], 1, 1.5)
    assert command == "python -m harness soak --fault mysql-kill --seed 1 --outage 1.5 --profile upstream-main"


def test_a_checkout_is_named_as_it_was() -> None:
    """A checkout is built again."""
    target = Target(profile="upstream-main", checkout=Path("/src/ma"))
    assert "--michelangelo /src/ma" in spell_round(target, CASES, ["mysql-kill"], 1, 1.5)
