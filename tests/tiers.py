"""Which of the tests with real servers run with each change: `tox run -e test`, eight minutes on two cores.

They are one end of each thing that is built of parts: it still holds together. All others of these folders are
`nightly`; the main job, which CI runs too, is a clean run of every chapter.
"""

from __future__ import annotations

FOLDERS = ("tests/integration/", "tests/selftest/")

AT_EACH_CHANGE = frozenset(
    {
        "tests/integration/test_action.py::test_a_right_ingester_passes",
        "tests/integration/test_audit.py::test_each_class_is_found_and_nothing_else",
        "tests/integration/test_audit.py::test_nothing_is_written",
        "tests/integration/test_audit.py::test_what_is_equal_is_found_equal",
        "tests/integration/test_existing.py::test_contract_is_read_from_the_cluster",
        "tests/integration/test_existing.py::test_documented_role_is_enough",
        "tests/integration/test_existing.py::test_what_others_made_is_not_touched",
        "tests/integration/test_fault_injection.py::test_broken_link_stops_the_mirror_until_it_is_healed[mysql]",
        "tests/integration/test_k3d.py::test_uses_a_sandbox_that_is_there_and_leaves_it",
        "tests/integration/test_load.py::test_a_known_delay_is_measured_to_a_millisecond",
        "tests/integration/test_load.py::test_a_short_load",
        "tests/integration/test_local_sandbox.py::test_another_controller_manager_replaces_the_old_one_alone",
        "tests/integration/test_local_sandbox.py::test_controller_manager_that_exits_at_once_fails_the_start",
        "tests/integration/test_local_sandbox.py::test_everything_is_up_and_then_gone",
        "tests/integration/test_local_sandbox.py::test_kept_sandbox_outlives_its_client_and_is_found_again",
        "tests/integration/test_local_sandbox.py::test_leftovers_of_a_killed_supervisor_are_swept",
        "tests/selftest/test_bad_input.py::test_a_broken_template_costs_no_sandbox",
        "tests/selftest/test_bad_input.py::test_a_wrong_option_is_a_usage_error",
        "tests/selftest/test_durability.py::test_an_ingester_that_loses_data_is_found[some-writes-swallowed]",
        "tests/selftest/test_faults.py::test_a_fault_turns_its_cells_red",   # of a batch for each chapter
        "tests/selftest/test_faulty_inputs.py::test_a_wrong_crd_is_seen[patch-refused]",
        "tests/selftest/test_interruption.py::test_a_failing_run_ends_in_time",
        "tests/selftest/test_interruption.py::test_an_interrupted_run_writes_its_report[checks-SIGINT]",
        "tests/selftest/test_objects.py::test_own_objects_pass_or_say_why",
        "tests/selftest/test_surroundings.py::test_a_run_ends_with_its_sandbox[mysql]",
    }
)
"""Tests by their ids, with or without the parameter."""


def is_nightly(nodeid: str) -> bool:
    """Whether a test does not run with each change."""
    return nodeid.startswith(FOLDERS) and AT_EACH_CHANGE.isdisjoint((nodeid, nodeid.partition("[")[0]))
