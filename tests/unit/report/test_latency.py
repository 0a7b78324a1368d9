"""`harness.report.latency`: a drawing that is right, and needs nothing from elsewhere."""

from __future__ import annotations

import importlib
import sys
from xml.etree import ElementTree

import pytest

from harness.report.latency import draw_latencies
from harness.report.outline import LatencyRow


def _marks(rows: list[LatencyRow]) -> dict[str, float]:
    """Return the x of each mark by its title."""
    root = ElementTree.fromstring(draw_latencies(rows))  # noqa: S314  our own text
    return {circle.findtext("title", ""): float(circle.get("cx", "0")) for circle in root.iter("circle")}


def test_each_write_has_a_mark_with_its_value() -> None:
    """Every measured value has a mark that says what it is; one that was not measured has none."""
    rows = [LatencyRow("Project", 0.0051, 0.0043), LatencyRow("Model", 1.2, None)]
    assert set(_marks(rows)) == {"Project, create: 5.10 ms", "Project, patch: 4.30 ms", "Model, create: 1.2 s"}


def test_the_scale_is_logarithmic() -> None:
    """Ten times as long is the same distance everywhere."""
    rows = [LatencyRow(str(number), 0.002 * 10**number, None) for number in range(3)]
    left, middle, right = sorted(_marks(rows).values())
    assert middle - left == pytest.approx(right - middle)
    assert right > left


def test_it_is_self_contained() -> None:
    """The drawing has neither script, style, comment nor address of its own."""
    drawing = draw_latencies([LatencyRow("Project", 0.005, 0.004)])
    for part in ("<script", "<style", "<!--", "http", "xlink", "url("):
        assert part not in drawing


def test_it_is_the_same_each_time() -> None:
    """Equal values are drawn equally, so that reports can be compared."""
    rows = [LatencyRow("Project", 0.005, 0.004)]
    assert draw_latencies(rows) == draw_latencies(rows)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 0.001, 0.01, 10.0, 5000.0])
def test_any_value_can_be_drawn(seconds: float) -> None:
    """Neither nothing, nor a power of ten, nor an hour breaks the axis."""
    assert len(_marks([LatencyRow("Project", seconds, None)])) == 1


def test_drawing_leaves_the_imports_alone() -> None:
    """An import that fails afterwards fails as it did before: pygal's finder would make Python warn of each."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "pygal"]:
        del sys.modules[name]   # so that its import happens now, whichever test ran before
    before = list(sys.meta_path)
    draw_latencies([LatencyRow("Project", 0.005, 0.004)])
    assert "pygal" in sys.modules
    assert sys.meta_path == before
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("a_module_that_nobody_has")


def test_without_values_there_is_no_drawing() -> None:
    """Nothing measured, nothing drawn."""
    assert draw_latencies([]) == ""
    assert draw_latencies([LatencyRow("Project", None, None)]) == ""
