"""`harness.report.console`: what a run prints, with and without a terminal."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from harness.core.record import Check, Evidence, Finding, Status
from harness.report.console import (
    ConsoleProgress,
    make_console,
    print_evidence,
    print_matrix,
    render_matrix_svg,
)
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.sample import (
    build_clean_record,
    build_short_record,
)
from tests.unit.report.sample_api import SECTIONS, build_idle_api_checks
from tests.unit.report.sample_contents import make_record

_BEHIND = Finding("row.behind", "column res_version", "342", "317")


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now_s


def _capture(draw: Callable[[Console], None]) -> str:
    """Return what `draw` prints on a console without colour, 100 characters wide."""
    stream = io.StringIO()
    draw(Console(file=stream, width=100, color_system=None, highlight=False, markup=False))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _start(console: Console, clock: Clock | None = None, **environment: str) -> ConsoleProgress:
    return ConsoleProgress(console, environment=environment, clock=clock or Clock())


def test_the_matrix(check_golden: CheckGolden) -> None:
    """A run with everything in it is printed as the golden file says."""
    page = Path("reports/latest/report.html")
    old, new = build_short_record(with_faults=False), build_short_record()
    text = _capture(lambda console: print_matrix(new, old, console, page))
    check_golden("console.txt", text)


def test_a_run_without_the_second_matrix_does_not_speak_of_it() -> None:
    """Where none of its checks was selected, the first matrix is all there is, and is not told apart."""
    text = _capture(lambda console: print_matrix(build_clean_record(), None, console))
    assert "API server" not in text
    assert "kubectl" not in text


def test_a_second_matrix_that_does_not_apply_is_one_line() -> None:
    """Without an API server the reason is printed once, in place of the table and its explanation."""
    record = build_clean_record()
    record.checks += build_idle_api_checks("no API server was built")
    text = _capture(lambda console: print_matrix(record, None, console))
    assert "\n· N/A Through Michelangelo's API server: no API server was built\n" in text
    assert (text.count("no API server was built"), text.count("Deployment")) == (1, 1)
    assert "Deleted" not in text


def test_a_reason_that_many_cells_share_is_printed_once() -> None:
    """Cells that did not run for one reason have it below the matrix, with their number."""
    checks = [Check(s, s, kind, detail="it died") for kind in ("Model", "Project", "Cluster") for s in SECTIONS]
    checks.append(Check("4.1", "proto", "Pipeline", status=Status.PASS))
    text = _capture(lambda console: print_matrix(make_record(*checks), None, console))
    assert "- not run 18 cells: it died" in text
    assert text.count("it died") == 1


def test_the_evidence_of_one_check() -> None:
    """Everything about one check is printed: title, place, detail, evidence with its time, what differs."""
    check = Check("2.3", "the row is behind", "Model", status=Status.FAIL, detail="unchanged for 10.0 s")
    check.evidence = [
        Evidence("row", "model, first look", "no row", 7.0),
        Evidence("row", "model, last look", "", 7.5, {"columns": {"name": "m", "json": {"kind": "Model"}}}),
        Evidence("comparison", "row against object", "", 7.501, [dataclasses.asdict(_BEHIND)]),
    ]
    check.findings, check.reproduce, check.facts = [_BEHIND], "pytest -k 2.3", {"patches": "3"}
    assert _capture(lambda c: print_evidence(make_record(check), check, c)) == (
        "\n✗ fail 2.3 the row is behind (Model, Update in MySQL)\n"
        "  unchanged for 10.0 s\n"
        "  row: model, first look  +0.000 s\n    no row\n"
        '  row: model, last look  +0.500 s\n    name: m\n    json: {\n      "kind": "Model"\n    }\n'
        "  comparison: row against object  +0.501 s\n    column res_version: expected 342, got 317\n"
        "  patches: 3\n"
        "  column res_version\n    expected  342\n    found     317\n"
        "  reproduce: pytest -k 2.3\n"
    )


def test_without_unicode_the_words_remain() -> None:
    """On a terminal that knows ASCII only, the matrix is printed with words alone."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    print_matrix(build_clean_record(), None, Console(file=stream, width=100))
    stream.seek(0)
    text = stream.read()
    assert "Deployment" in text
    assert text.count("pass") >= 48


def test_a_log_cannot_steer_the_terminal() -> None:
    """Escape sequences in evidence are shown as text."""
    check = Check("1.5", "log", evidence=[Evidence("log", "line", "\x1b[2Jgone\ttab", 1.0)])
    text = _capture(lambda console: print_evidence(make_record(check), check, console))
    assert "\\x1b[2Jgone" in text
    assert "\x1b" not in text


def test_long_lines_are_not_broken() -> None:
    """Evidence is printed line by line as it is, so that it can be copied."""
    line = "x" * 300
    check = Check("1.5", "log", evidence=[Evidence("log", "line", line, 1.0)])
    assert f"    {line}\n" in _capture(lambda console: print_evidence(make_record(check), check, console))


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    """The SVG loads no font, names no address but XML's own, and is the same each time."""
    svg = render_matrix_svg(build_clean_record())
    without_namespace = svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    for part in ("http", "@font-face", "<!--", "src:"):
        assert part not in without_namespace
    assert "InferenceServer" in svg
    assert svg == render_matrix_svg(build_clean_record())


def test_a_log_file_is_wide_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, lines are as wide as the matrix needs; COLUMNS decides where it is set."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert make_console(io.StringIO()).width == 110
    monkeypatch.setenv("COLUMNS", "70")
    assert make_console(io.StringIO()).width == 70


def test_without_a_terminal_a_stage_is_lines() -> None:
    """Begin and end of a stage are a line each, with the time that it took."""
    clock = Clock()

    def draw(console: Console) -> None:
        progress = _start(console, clock)
        progress.begin("build kube-apiserver", 1000, "packages")
        clock.now_s += 61.0
        progress.end("build kube-apiserver", "cached")

    assert _capture(draw) == "build kube-apiserver ...\nbuild kube-apiserver: done in 1 min 01 s, cached\n"


def test_lines_are_few() -> None:
    """In between there is a line each 10 s or 10 %, but no two within a second."""
    clock = Clock()

    def draw(console: Console) -> None:
        progress = _start(console, clock)
        progress.begin("build", 1000, "packages")
        early = ((0.1, 500), (1.2, 501), (1.5, 620), (3.0, 550))
        late = ((11.0, 551), (11.5, 552), (12.6, 640), (13.0, 650))
        for after_s, done in early + late:
            clock.now_s = 100.0 + after_s
            progress.advance("build", done, f"package {done}")

    assert _capture(draw) == (
        "build ...\n"
        "build: 501/1000 packages (package 501)\n"
        "build: 552/1000 packages (package 552)\n"
        "build: 650/1000 packages (package 650)\n"
    )


def test_a_stage_of_unknown_length_reports_by_time() -> None:
    """Without a total there is a line each 10 s, with what is done so far."""
    clock = Clock()

    def draw(console: Console) -> None:
        progress = _start(console, clock)
        progress.begin("download", unit="MB")
        for after_s, done in ((5.0, 10), (10.0, 20), (15.0, 30), (20.0, 40)):
            clock.now_s = 100.0 + after_s
            progress.advance("download", done)

    assert _capture(draw) == "download ...\ndownload: 20 MB\ndownload: 40 MB\n"


def test_a_terminal_gets_bars_and_one_last_line() -> None:
    """On a terminal a stage is a bar while it runs, and a line once it is done; the cursor comes back."""
    stream = io.StringIO()
    progress = _start(Console(file=stream, force_terminal=True, width=100))
    progress.begin("build", 10, "packages")
    progress.advance("build", 5, "k8s.io/api")
    progress.begin("MySQL")   # a second bar draws the first one afresh
    progress.end("MySQL")
    progress.end("build", "3 binaries")
    text = stream.getvalue()
    assert "5/10 packages" in text
    assert "build: done in 0.00 ms, 3 binaries" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_ci_gets_lines_on_a_terminal_too() -> None:
    """Where CI is set, no bar is drawn even if the output claims to be a terminal."""
    stream = io.StringIO()
    progress = _start(Console(file=stream, force_terminal=True, width=100), CI="true")
    progress.begin("build", 10, "packages")
    progress.end("build")
    assert "\x1b[?25l" not in stream.getvalue()
    assert "build ..." in stream.getvalue()


def test_closing_gives_the_terminal_back() -> None:
    """A run that fails in the middle of a stage leaves no bar and no hidden cursor."""
    stream = io.StringIO()
    progress = _start(Console(file=stream, force_terminal=True, width=100))
    progress.begin("build", 10)
    progress.close()
    text = stream.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


@pytest.mark.parametrize("force_terminal", [True, False])
def test_progress_never_raises(force_terminal: bool) -> None:
    """Neither an unknown stage, nor one that begins twice, nor a closed output ends the run."""
    stream = io.StringIO()
    progress = _start(Console(file=stream, force_terminal=force_terminal))
    progress.advance("unknown", 1)
    progress.end("unknown")
    progress.begin("build", 2)
    progress.begin("build", 2)
    progress.end("build")
    stream.close()
    progress.begin("stop")
    progress.advance("stop", 1)
    progress.end("stop")
    progress.close()
