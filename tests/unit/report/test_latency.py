"""`harness.report.latency`: a drawing that is right, and needs nothing from elsewhere."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from harness.report.latency import draw_latencies
from harness.report.sections import LatencyRow


def _marks(rows: list[LatencyRow]) -> dict[str, float]:
    """Return the x of each mark by its title."""
    root = ElementTree.fromstring(draw_latencies(rows))  # noqa: S314  our own text
    places = {mark.findtext("title", ""): mark.get("cx") or mark.get("d", "M0")[1:].split()[0] for mark in root}
    return {title: float(x) for title, x in places.items() if title}


def test_each_write_has_a_mark_with_its_value() -> None:
    """Every measured value has a mark that says what it is; one that was not measured has none."""
    rows = [LatencyRow("Project", 0.0051, 0.0043), LatencyRow("Model", 1.2, None)]
    assert set(_marks(rows)) == {"Project, create: 5.10 ms", "Project, patch: 4.30 ms", "Model, create: 1.2 s"}


def test_the_scale_is_logarithmic() -> None:
    """Ten times as long is the same distance everywhere."""
    rows = [LatencyRow(str(number), 0.002 * 10**number, None) for number in range(3)]
    left, middle, right = sorted(_marks(rows).values())
    assert middle - left == pytest.approx(right - middle, abs=0.02)   # of a pixel
    assert right > left


def test_create_and_patch_differ_in_shape_and_colour() -> None:
    """Who can't tell the colours apart sees a circle and a diamond, on the same line."""
    root = ElementTree.fromstring(draw_latencies([LatencyRow("Project", 0.005, 0.005)]))  # noqa: S314  our own text
    marks = [(mark.tag, mark.get("class")) for mark in root if mark.findtext("title")]
    assert marks == [("circle", "ia-create-mark"), ("path", "ia-patch-mark")]
    assert len(set(_marks([LatencyRow("Project", 0.005, 0.005)]).values())) == 1


def test_it_has_a_name_kinds_and_an_axis() -> None:
    """A screen reader is told what it is; each row has its kind, as text, and the axis its decades."""
    root = ElementTree.fromstring(draw_latencies([LatencyRow("<Model>", 0.005, 1.2)]))  # noqa: S314  our own text
    assert (root.get("role"), root.get("aria-label", "")[:16]) == ("img", "Latency per kind")
    texts = [text.text for text in root.iter("text")]
    assert texts == ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "<Model>"]


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


def test_without_values_there_is_no_drawing() -> None:
    """Nothing measured, nothing drawn."""
    assert draw_latencies([]) == ""
    assert draw_latencies([LatencyRow("Project", None, None)]) == ""
