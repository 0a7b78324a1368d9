"""`harness.report.timeline`: a drawing that can be read without colour, and its table."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.core.record import Check, Evidence, Status
from harness.report.evidence import describe_evidence
from harness.report.html import render_page
from harness.report.timeline import draw_timeline, list_steps
from tests.unit.report.sample_contents import make_record

DATA: dict[str, Any] = {
    "step_s": 0.5,
    "rates": {"acknowledged": [4.0, 2.0, 0.0, 8.0], "not acknowledged": [0.0, 2.0, 6.0, 0.0]},
    "lag_s": [0.0, 0.4, 0.9, 0.1],
    "resolution_s": 0.2,
    "bands": [{"text": "mysql is <killed>", "from_s": 0.6, "to_s": 1.4}],
    "marks": [{"text": "the load ends", "at_s": 1.9}],
}


def draw(data: dict[str, Any] = DATA) -> ElementTree.Element:
    """Return the drawing, parsed."""
    return ElementTree.fromstring(draw_timeline(data))  # noqa: S314  our own text


def test_everything_says_what_it_is() -> None:
    """Each bar, the fault and each mark have a title; the fault and the marks are written out as well."""
    titles = [title for part in draw() if (title := part.findtext("title"))]
    assert titles == [
        "mysql is <killed>, from 600 ms to 1.4 s",
        "acknowledged: 4/s", "acknowledged: 2/s", "acknowledged: 8/s",
        "not acknowledged: 2/s", "not acknowledged: 6/s",
        "the load ends, 1.9 s",
    ]  # fmt: skip
    texts = [text.text for text in draw().iter("text")]
    assert {"mysql is <killed>", "the load ends", "lag", "10/s", "1.0 s", "2 s"} <= set(texts)


def test_rates_stand_on_one_another_and_the_band_spans_its_time() -> None:
    """The height of two rates of one step is their sum's, and places are in proportion to seconds."""
    root = draw()
    bars = [part for part in root if part.get("class") in ("ia-done", "ia-undone")]
    second = [bar for bar in bars if bar.get("x") == bars[1].get("x")]
    assert [bar.get("class") for bar in second] == ["ia-done", "ia-undone"]
    bottom = float(second[1].get("y", 0)) + float(second[1].get("height", 0))
    assert bottom == float(second[0].get("y", 0))
    band = next(part for part in root if part.get("class") == "ia-band")
    step = float(bars[1].get("x", 0)) - float(bars[0].get("x", 0))
    assert abs(float(band.get("width", 0)) - step * 0.8 / 0.5) < 0.2


def test_the_table_has_all_of_it() -> None:
    """Step by step: the rates, the lag, and what happened meanwhile."""
    assert list_steps(DATA) == [
        ["0", "4", "0", "none", ""],
        ["0.5", "2", "2", "400 ms", "mysql is <killed>"],
        ["1", "0", "6", "900 ms", "mysql is <killed>"],
        ["1.5", "8", "0", "< 200 ms", "the load ends"],
    ]
    text = describe_evidence(Evidence("timeline", "t", "", 1.0, DATA)).splitlines()
    assert text[0] == "From, s  Acknowledged, 1/s  Not acknowledged, 1/s  Lag       Meanwhile"
    assert text[2].split() == ["0.5", "2", "2", "400", "ms", "mysql", "is", "<killed>"]


def test_the_page_shows_drawing_table_and_file() -> None:
    """All three stand in the check's panel, and texts are escaped."""
    check = Check("8.1", "c", status=Status.PASS)
    check.evidence = [Evidence("timeline", "t", "", 1.0, DATA), Evidence("file", "f", "rounds/1.json.gz", 1.0)]
    page = render_page(make_record(check))
    assert '<rect class="ia-band"' in page
    assert "<td>mysql is &lt;killed&gt;</td>" in page
    assert '<a href="rounds/1.json.gz">' in page


def test_it_is_self_contained_and_the_same_each_time() -> None:
    """The drawing has neither script, style nor address of its own, and equal data is drawn equally."""
    drawing = draw_timeline(DATA)
    assert not any(part in drawing for part in ("<script", "<style", "http", "url("))
    assert drawing == draw_timeline(DATA)


def test_a_quiet_time_can_be_drawn() -> None:
    """Without an operation and without lag there are axes and no bar."""
    data = {**DATA, "rates": {"acknowledged": [0.0]}, "lag_s": [0.0], "bands": [], "marks": []}
    assert not [part for part in draw(data) if part.get("class") == "ia-done"]
