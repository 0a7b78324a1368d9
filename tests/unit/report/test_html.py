"""`harness.report.html`: one page, complete in itself, readable without colour, and nobody's script in it."""

from __future__ import annotations

import re

import pytest

from harness.core.record import Check, Evidence, Record, Status
from harness.report.html import load_css, render_page, render_section
from harness.report.matrix import MatrixCell, list_matrices
from harness.report.record import load_baseline
from tests.unit.report.conftest import CheckGolden
from tests.unit.report.page import Page
from tests.unit.report.sample import (
    SCRIPT,
    build_clean_api_record,
    build_clean_record,
    build_record,
    build_short_record,
)
from tests.unit.report.sample_api import build_idle_api_checks
from tests.unit.report.sample_contents import COLUMNS, KINDS, make_cell, make_record


@pytest.fixture(scope="module")
def page() -> Page:
    """The page of the run with everything in it, compared with the clean one."""
    return Page(render_page(build_record(), build_clean_record()))


def test_the_page_asks_for_nothing(page: Page) -> None:
    """No element and no style loads anything: links go to the page itself or are followed by hand."""
    for tag, attributes, _ in page.elements:
        assert tag not in {"script", "iframe", "img", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster", "background"):
            value = attributes.get(name, "")
            assert value.startswith(("#", "data:,")) or value == "" or (tag, name) == ("a", "href")
        assert not [name for name in attributes if name.startswith("on")]
    css = load_css("report.css", "pytest.css")
    assert "url(" not in css
    assert "@import" not in css


def test_only_web_addresses_become_links(page: Page) -> None:
    """An issue's link is a link only if it leads to the web, and then tells nobody where it was followed."""
    outward = [attributes for attributes, _ in page.find("a") if not attributes["href"].startswith("#")]
    assert outward == [{"href": "https://issues.example/185", "rel": "noreferrer"}]


def test_links_within_the_page_arrive(page: Page) -> None:
    """Each link to a part of the page has its target, and no two elements share an id."""
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, a, _ in page.elements if (value := a.get("href", "")).startswith("#")}
    assert targets <= set(ids)


def test_evidence_is_text(page: Page) -> None:
    """Markup in evidence, labels, details and warnings is shown and not obeyed."""
    assert "script" not in {tag for tag, _, _ in page.elements}
    assert any(SCRIPT in text for _, text in page.find("pre"))
    assert any(SCRIPT in text for _, text in page.find("li"))


def test_every_cell_has_its_word(page: Page) -> None:
    """All cells of both matrices say their status in words, by a symbol, and in a class for the colour."""
    cells = [cell for cell in page.find("td", "ia-cell") if ", " in cell[1].partition(":")[0]]
    words = [text for _, text in cells]
    assert len(cells) == 52 + 78
    assert words[0].startswith("Project, Created: PASS")
    for record_cell, (attributes, text) in zip(_cells_in_order(), cells, strict=True):
        word = "N/A" if record_cell.status == Status.NOT_APPLICABLE else record_cell.status.label
        assert text.startswith(f"{record_cell.kind}, {record_cell.column.name}: {word}")
        assert f"ia-{record_cell.status.value}" in attributes["class"].split()


def _cells_in_order() -> list[MatrixCell]:
    matrices = list_matrices(build_record())
    return [cell for matrix in matrices for row in matrix.rows for cell in row.cells]


def test_the_second_matrix_is_a_part_of_its_own(page: Page) -> None:
    """It has a heading, a link to it, a sentence on what it is, and counts that are its own."""
    assert ({"id": "ia-chapter-4"}, "Through Michelangelo's API server") in page.find("h2")
    assert ({"href": "#ia-chapter-4"}, "Through Michelangelo's API server") in page.find("a")
    hints = [text for _, text in page.find("p", "ia-hint")]
    assert "Objects as kubectl sends them, straight to kube-apiserver." in hints
    assert any(text.startswith("The same objects, written through Michelangelo's own API") for text in hints)
    counts = [text for _, text in page.find("span", "ia-count")]
    assert counts[:6] == ["PASS 44", "FAIL 2", "KNOWN 2", "N/A 2", "NOT RUN 1", "ERROR 1"]
    assert counts[6:] == ["PASS 57", "FAIL 1", "KNOWN 12", "N/A 7", "NOT RUN 1", "ERROR 1"]


def test_a_cell_of_the_second_matrix_opens_to_its_evidence(page: Page) -> None:
    """Within it stand its check, the findings and the evidence, with what differs marked."""
    cell = next(text for _, text in page.find("td", "ia-cell") if text.startswith("Revision, 4.1 Proto agrees: "))
    for part in ("FAIL 4.1 Proto column agrees", '"<b>ingester</b>-test"', "the proto column, decoded +26.000 s"):
        assert part in cell
    assert any(text.startswith("proto spec.owner.name: expected") for _, text in page.find("mark"))
    other = next(text for _, text in page.find("td", "ia-cell") if text.startswith("Project, 4.6 Deleted: "))
    assert "delete through the API server projects/ingester-test-project-api" in other


def test_a_failure_links_to_its_own_matrix(page: Page) -> None:
    """What failed leads to the cell of the matrix in which it failed."""
    targets = [attributes["href"] for attributes, text in page.find("a") if text == "Its evidence in the matrix"]
    assert targets == [
        "#ia-Model-synced",
        "#ia-Revision-update_synced",
        "#ia-Revision-4.1",
        "#ia-RayJob-updated",
        "#ia-RayJob-4.4",
    ]


def test_changes_are_shown_in_the_matrix_that_changed() -> None:
    """A changed cell through the API server shows the baseline's status; its namesake does not."""
    text = render_page(build_record(), build_clean_api_record())
    cells = Page(text).find("td", "ia-cell")
    changed = [cell.split(":")[0] for _, cell in cells if "baseline: pass" in cell]
    assert changed == [
        "Model, Synced to MySQL",
        "Revision, Update in MySQL",
        "RayJob, Updated",
        "Revision, 4.1 Proto agrees",
        "RayJob, 4.4 Updated",
    ]


def test_checks_of_a_chapter_are_not_listed_again(page: Page) -> None:
    """Outside the chapters stands none of their checks; one of no kind has a row below its chapter's matrix."""
    listed = page.find("ul", "ia-checks")[0][1]
    assert [number for number in range(1, 8) if f" 4.{number} " in listed] == []
    rows = [text for _, text in page.find("table", "ia-list")]
    assert len(rows) == 1
    assert rows[0].startswith("Check Result 4.7 Known issues of the API server show")
    assert rows[0].endswith("PASS 1 shows")


def test_a_run_without_the_second_matrix_does_not_speak_of_it() -> None:
    """Where none of its checks was selected, neither a part nor a link nor an explanation is there."""
    page = Page(render_page(build_clean_record()))
    assert len(page.find("td", "ia-cell")) == 52
    texts = [text for tag in ("h2", "a", "p") for _, text in page.find(tag)]
    assert [text for text in texts if "Michelangelo's" in text or "kubectl" in text] == []


def test_a_second_matrix_that_does_not_apply_is_one_line() -> None:
    """Without an API server its part says why, in place of counts and a table."""
    record = build_clean_record()
    record.checks += build_idle_api_checks("no API server was built")
    page = Page(render_page(record))
    assert [text for _, text in page.find("p") if "was built" in text] == ["N/A no API server was built"]
    assert len(page.find("table", "ia-matrix")) == 1
    assert len(page.find("p", "ia-lead")) == 1


def test_a_cell_opens_to_its_evidence(page: Page) -> None:
    """Within the cell stand its checks, what was sent and read, when, and what differs, alone marked."""
    model_synced = page.find("td", "ia-cell")[9][1]
    for part in ("FAIL 1.6 its row equals the object", "last look +8.012 s", '"xgboots"', "no row"):
        assert part in model_synced
    project_synced = page.find("td", "ia-cell")[1][1]
    for part in ("PASS 1.5 its reconcile left three log lines", "Reconciling object", "PASS 1.6 its row"):
        assert part in project_synced
    marked = [text for _, text in page.find("mark")]
    assert 'column algorithm: expected "xgboost", got "xgboots"' in marked
    assert "no difference" not in marked


def test_it_says_where_the_run_differs(page: Page) -> None:
    """A changed cell shows the baseline's status, and the list of differences has it with a judgement."""
    assert [text for _, text in page.find("small", "ia-was")] == ["baseline: pass"] * 3
    rows = [text for _, text in page.find("tr")]
    assert "Model, Synced to MySQL pass fail worse" in rows
    assert "cluster-outside-ma-system reproduced stale changed" in rows


def test_without_a_baseline_there_is_no_comparison() -> None:
    """A run that has no baseline does not speak of one."""
    text = render_page(build_record())
    assert "baseline" not in re.sub(r"<style>.*?</style>|align-items: baseline", "", text, flags=re.DOTALL)


def test_tables_are_named_for_screen_readers(page: Page) -> None:
    """Every heading of a table says what it heads."""
    assert {attributes.get("scope") for attributes, _ in page.find("th")} == {"col", "row"}


def test_long_evidence_can_be_scrolled_by_keyboard(page: Page) -> None:
    """A box of long evidence can be focused and is named; a short one is no stop for the keyboard."""
    boxes = page.find("pre")
    scrolling = [attributes for attributes, _ in boxes if "ia-long" in attributes.get("class", "")]
    assert scrolling
    for attributes in scrolling:
        assert (attributes["tabindex"], attributes["role"]) == ("0", "region")
        assert attributes["aria-label"]
    assert len(scrolling) < len(boxes)


def test_the_banner_leads(page: Page) -> None:
    """The first heading is what a reader must know, beside the verdict in a word."""
    first = next((tag, "".join(text)) for tag, _, text in page.elements if tag in {"h1", "h2"})
    assert first == ("h1", build_record().headline)
    assert page.find("p", "ia-verdict")[0][1] == "FAILED"
    assert "ia-tone-fail" in page.find("header")[0][0]["class"]


def test_a_check_per_kind_is_one_line() -> None:
    """Checks that differ by kind only share a line with the worst status, which opens to one line each."""
    statuses = {"Model": Status.PASS, "Project": Status.FAIL, "Cluster": Status.PASS}
    checks = [Check("1.2", "columns", kind, status=status) for kind, status in statuses.items()]
    page = Page(render_page(make_record(*checks)))
    lists = [text for _, text in page.find("ul", "ia-checks")]
    inner = "PASS Model FAIL Project PASS Cluster"
    assert lists == [f"FAIL 1.2 columns 3 checks {inner}", inner]


def test_a_long_headline_does_not_shout() -> None:
    """Of a headline with several lines, the first one is the heading."""
    page = Page(render_page(Record(headline="it broke\nfor <b>this</b> reason")))
    assert page.find("h1")[0][1] == "it broke"
    assert page.find("p", "ia-more")[0][1] == "for <b>this</b> reason"


def test_a_reason_that_all_cells_share_is_said_once() -> None:
    """Where nothing ran for one reason, the cells do not repeat it."""
    reason = "no controllers"
    record = make_record()
    record.kinds = [kind for kind in KINDS if kind.name in {"Model", "Project"}]
    for kind in record.kinds:
        record.checks += [c for column in COLUMNS for c in make_cell(kind.name, column, Status.NOT_RUN, reason)]
    page = Page(render_page(record))
    outside = [text for _, text in page.find("p") if reason in text and "cells" in text]
    assert outside == ["8 cells did not run: no controllers"]
    assert page.find("small") == []


def test_an_empty_record_is_still_a_page() -> None:
    """A run that ended before it began leaves a page that claims nothing."""
    for record in (make_record(), Record()):
        page = Page(render_page(record, load_baseline()))
        assert page.find("p", "ia-verdict")[0][1] == "INCOMPLETE"
        assert page.find("td", "ia-cell") == []


def test_a_lone_surrogate_can_be_written() -> None:
    """A log line that was no UTF-8 does not keep the page from being written."""
    check = Check("1.1", "t", evidence=[Evidence("log", "l", b"caf\xe9".decode("utf-8", "surrogateescape"), 1.0)])
    assert "caf?" in render_page(Record(checks=[check])).encode().decode()


def test_a_body_keeps_its_first_empty_line() -> None:
    """Evidence is shown to the letter; HTML's rule that eats a line end after <pre> does not bite."""
    check = Check("1.1", "t", detail="d", evidence=[Evidence("log", "l", "\nsecond", 1.0)])
    assert ">\n\nsecond</pre>" in render_page(Record(checks=[check]))


def test_the_section_fits_into_another_page() -> None:
    """The fragment has no document around it, but the styles and the viewport that pytest-html's page lacks."""
    section = render_section(build_record(), build_clean_record())
    tags = {tag for tag, _, _ in Page(section).elements}
    assert not tags & {"html", "head", "body"}
    assert '<meta name="viewport"' in section
    assert load_css("pytest.css") in section
    assert load_css("pytest.css") not in render_page(build_record())


def test_the_page(check_golden: CheckGolden) -> None:
    """The page of a small run is written as the golden file says, but for the styles."""
    text = render_page(build_short_record(), build_short_record(with_faults=False))
    check_golden("page.html", text[text.index("<main ") : text.index("</body>")])
