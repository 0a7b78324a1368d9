"""The chapters beyond the seed report's, in each format: a check is a cell, and nothing is lost or said twice."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from harness.core.record import Check, Evidence, Finding, IssueResult, IssueStatus, Record, Status
from harness.report.html import BODY_LIMIT, render_page
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from tests.unit.report.page import Page, print_record
from tests.unit.report.sample import build_full_record
from tests.unit.report.sample_chapters import LIVE, ORPHAN
from tests.unit.report.sample_contents import KINDS, make_record

CHAPTERS = ("4", "5", "6", "7", "8")


@pytest.fixture(scope="module")
def page() -> Page:
    """The page of a run with every chapter and every status, compared with one without faults."""
    return Page(render_page(build_full_record(), build_full_record(with_faults=False)))


@pytest.fixture(scope="module")
def text() -> str:
    """The same run in Markdown."""
    return render_markdown(build_full_record(), build_full_record(with_faults=False))


# The page.


def test_each_chapter_has_its_part(page: Page) -> None:
    """Each has a heading, a link to it, and counts; a run of one chapter has that alone."""
    for number in CHAPTERS:
        assert [a["href"] for a, _ in page.find("a") if a["href"] == f"#ia-chapter-{number}"]
        assert [a["id"] for a, _ in page.find("h2") if a["id"] == f"ia-chapter-{number}"]
    alone = Page(render_page(make_record(Check("8.1", "killed", status=Status.PASS))))
    assert [a["id"] for a, _ in alone.find("h2") if "-chapter-" in a["id"]] == [
        "ia-chapter-8"
    ]


def test_ids_are_unique_and_links_arrive(page: Page) -> None:
    """Each link within the page has its target, though kinds and columns recur in every chapter."""
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, a, _ in page.elements if (value := a.get("href", "")).startswith("#")}
    assert targets <= set(ids)


def test_a_cell_opens_to_what_its_check_found(page: Page) -> None:
    """Detail, known issue with a link, findings, the command and the evidence; facts where it measured any."""
    known = _find_cell(page, "Project, 5.7 Deleted without finalizer: KNOWN")
    for part in ("KNOWN 5.7 Deleted without finalizer", "Known issue:", LIVE.actual, "--crd project", "last look"):
        assert part in known
    assert "last one in MySQL after0.6 s" in _find_cell(page, "Project, 5.3 Rapid updates: PASS")


def test_a_cell_says_its_reason_once() -> None:
    """What opens below a cell has the check's own words, and not the cell's, which leave out the kind, as well."""
    check = Check("7.1", "quotes", "Model", status=Status.FAIL, detail="Model: one is lost")
    cell = _find_cell(Page(render_page(make_record(check))), "Model, 7.1 quotes: FAIL one is lost Model: 7.1")
    assert cell.count("one is lost") == 2


def test_a_wide_matrix_scrolls_in_a_named_box(page: Page) -> None:
    """The keyboard reaches the box of a matrix with many columns; its cells have a word and no repeated reason."""
    boxes = page.find("div", "ia-box")
    assert [attributes["aria-label"] for attributes, _ in boxes] == [
        "The rest of the contract, all columns",
        "Hostile input, all columns",
        "Faults under load, all columns",
    ]
    assert {(attributes["tabindex"], attributes["role"]) for attributes, _ in boxes} == {("0", "region")}
    assert f"13 cells of 5.7 fall short as expected: {ORPHAN}" in [text for _, text in page.find("p")]
    assert [text for _, text in page.find("small") if text == ORPHAN] == []


def test_invalid_has_symbol_word_and_colour(page: Page) -> None:
    """A check that proved nothing is marked as such in its cell, in the counts and among what failed."""
    cell = next(a for a, text in page.find("td", "ia-invalid") if text.startswith("Deployment, 5.4"))
    assert cell["class"] == "ia-cell ia-invalid"
    assert "INVALID 1" in [text for _, text in page.find("span", "ia-count")]
    failed = [text for _, text in page.find("article", "ia-card") if text.startswith("INVALID")]
    assert failed[0].startswith("INVALID Deployment: 5.4 Update during reconcile")
    assert "MySQL answered during the whole time" in failed[1]


def test_checks_of_no_kind_are_rows(page: Page) -> None:
    """Chapter 6 has them below its matrix; chapter 8 consists of them, with its facts as named columns."""
    sixth, eighth = (text for _, text in page.find("table", "ia-list")[1:])
    assert sixth.startswith("Check Result Measured 6.1 Ingester disabled 1.2 s")
    assert "objects: 1000 of 13 kindsin MySQL after: 5.2 s" in sixth
    assert eighth.startswith("Check Result Load beforeStruckOperationsOutageSeedConverged 8.1 SIGKILL")
    labels = [a["data-column"] for a, _ in page.find("div", "ia-face") if "data-column" in a]
    assert labels[-7:] == ["Result", "Load before", "Struck", "Operations", "Outage", "Seed", "Converged"]


def test_changed_rows_show_the_baseline(page: Page) -> None:
    """A check of no kind that was better before says so, as a cell does."""
    rows = [text for _, text in page.find("td", "ia-cell") if "baseline: pass" in text]
    assert [text for text in rows if text.startswith(("INVALID", "FAIL"))] == [
        "INVALID MySQL answered during the whole time baseline: pass",
        "FAIL 1 acknowledged write is lost baseline: pass",
    ]


def test_a_known_issue_links_to_its_cells(page: Page) -> None:
    """Its card has the suggested fix, what it explains, and a link to each cell in which it showed."""
    attributes, card = next(item for item in page.find("article", "ia-card") if ORPHAN in item[1])
    assert attributes["id"] == "ia-issue-row-orphaned"
    for part in ("REPRODUCED", "in 13 checks of 5.7", "Suggested fixAdd the finalizer", f"Project: {LIVE}"):
        assert part in card
    links = [a["href"] for a, text in page.find("a") if text.startswith("5.7 ")]
    assert links[:2] == ["#ia-Project-5.7", "#ia-ModelFamily-5.7"]
    assert len(links) == 13


def test_issues_of_parts_that_were_not_selected_are_one_line() -> None:
    """A run of chapter 8 does not list the whole registry as not checked."""
    issues = [IssueResult("a", "A", sections=["5.1"]), IssueResult("b", "B", IssueStatus.STALE, sections=["8.1"])]
    record = make_record(Check("8.1", "killed", status=Status.PASS), known_issues=issues)
    page = Page(render_page(record))
    assert [text for _, text in page.find("article", "ia-card")] == ["STALE B"]
    assert "1 known issue of parts that were not selected" in [text for _, text in page.find("summary")]
    assert "Of parts that were not selected: `a`." in render_markdown(record)
    assert "- not checked  1 known issue of parts that were not selected" in print_record(record, 100)


def test_huge_evidence_does_not_swell_the_page() -> None:
    """Of an object of a megabyte the page shows the beginning, and says where the rest is."""
    item = Evidence("row", "row", "x" * 1_000_000, 1.0)
    finding = Finding("row.json", "json", "y" * 1_000_000, "z")
    check = Check("7.9", "big", "Model", status=Status.FAIL, evidence=[item], findings=[finding])
    record = make_record(check)
    assert len(render_page(record)) < len(render_page(Record())) + BODY_LIMIT + 30_000
    assert f"[{1_000_000 - BODY_LIMIT} more characters in report.json]" in render_page(record)
    assert len(render_markdown(record)) < 5_000
    assert len(render_junit(record)) < 20_000


# Markdown.


def test_chapters_in_markdown(text: str) -> None:
    """Each chapter has heading, explanation, and a table with a row per kind and a column per section."""
    parts = _split_markdown(text)
    titles = list(parts)
    assert titles[titles.index("The rest of the contract") :][:5] == [
        "The rest of the contract",
        "Gates and backfill",
        "Hostile input",
        "Faults under load",
        "What failed",
    ]
    assert "beyond creation and one patch" in parts["The rest of the contract"].splitlines()[0]
    rows = _read_table(parts["The rest of the contract"])
    assert rows[0][:3] == ["CRD", "5.1 Labels &amp; annotations", "5.2 No-op &amp; status writes"]
    assert [row[0] for row in rows[1:]] == [kind.name for kind in KINDS]
    assert {len(row) for row in rows} == {12}
    words = {row[0]: row[1:] for row in rows[1:]}
    assert words["Model"] == ["✅", "N/A", "N/A", "N/A", "✅", "✅", "⚠️ known", "✅", "✅", "✅", "✅"]
    assert (words["Pipeline"][2], words["RayJob"][5]) == ("❌ fail", "💥 error")
    assert words["Deployment"][3] == "🚫 invalid"
    assert words["Project"] == ["✅"] * 6 + ["⚠️ known"] + ["✅"] * 4


def test_reasons_in_markdown_stand_in_cells_that_have_room(text: str) -> None:
    """A matrix of few columns has its reasons in the cells; one of many has them below, each once."""
    parts = _split_markdown(text)
    sixth = _read_table(parts["Gates and backfill"])
    assert sixth[3] == ["Model", "✅", "N/A (immutable kind: the object has left Kubernetes)", "✅", "✅"]
    assert sixth[8][3] == "— not run (the controller manager did not start again)"
    paragraphs = parts["The rest of the contract"].split("\n\n")
    assert paragraphs[2:] == [
        f"⚠️ 13 cells of 5.7 fall short as expected: {ORPHAN}",
        "N/A 3 cells (Model 5.2, Model 5.3, Model 5.4) do not apply: "
        "immutable kind: the object has left Kubernetes",
    ]
    assert "⚠️ 2 cells (Project 7.6, Model 7.6) fall short as expected: " in parts["Hostile input"]


def test_checks_of_no_kind_in_markdown_are_rows(text: str) -> None:
    """They have a table of their own: what they measured in one column, or a column each in a chapter of rows."""
    parts = _split_markdown(text)
    sixth, eighth = (_read_table(parts[title], last=True) for title in ("Gates and backfill", "Faults under load"))
    assert [row[0] for row in sixth] == [
        "Check",
        "6.1 Ingester disabled",
        "6.2 Gate 1 only",
        "6.3 Settings accepted",
        "6.8 1,000 objects",
    ]
    assert sixth[2][1:] == ["✅ (refused: metadata storage is not configured)", ""]
    assert sixth[4][1:] == ["✅", "objects: 1000 of 13 kinds; in MySQL after: 5.2 s; duplicates: none"]
    assert eighth[0][2:] == ["load before", "struck", "operations", "outage", "seed", "converged"]
    assert eighth[2][:4] == [
        "8.2 SIGSTOP of MySQL for 10 s",
        "🚫 invalid (MySQL answered during the whole time)",
        "98 acknowledged, 41/s",
        "no",
    ]
    assert [row[1].partition(" (")[0] for row in eighth[1:]] == ["✅", "🚫 invalid", "✅", "❌ fail"]


def test_a_failure_in_markdown_has_its_facts(text: str) -> None:
    """What a failing check measured stands with it."""
    part = text[text.index("### 🚫 8.2 SIGSTOP of MySQL for 10 s") :]
    assert part.split("\n\n")[1:3] == [
        "MySQL answered during the whole time",
        "- load before: 98 acknowledged, 41/s\n- struck: no\n"
        "- operations: 412 acknowledged, 38/s; 17 refused, 3 uncertain\n- outage: 2.1 s, healed in 0.3 s\n"
        "- seed: 7\n- converged: 3.4 s (allowed 21 s)",
    ]


def test_a_known_issue_in_markdown_has_fix_and_cells(text: str) -> None:
    """The suggested fix and the cells in which it showed are named."""
    part = text[text.index("(`text-too-long`)") :].partition("###")[0]
    assert "- **Cells:** 7.6 Project, 7.6 Model" in part
    assert "- **Suggested fix:** Make the column MEDIUMTEXT." in part


def test_a_run_of_chapters_alone_has_no_empty_sections() -> None:
    """Neither section 1 nor 2 appears where nothing of them was selected."""
    headings = re.findall(r"^## (.*)$", render_markdown(make_record(Check("8.1", "killed"))), re.MULTILINE)
    assert headings[:2] == ["Summary", "Faults under load"]
    assert not [heading for heading in headings if heading.startswith("Section")]


# JUnit.


def test_invalid_is_an_error_for_ci() -> None:
    """A check that proved nothing is no pass, and its facts stand with the evidence."""
    root = ElementTree.fromstring(render_junit(build_full_record()).encode())  # noqa: S314  our own text
    case = root.find(".//testcase[@name='SIGSTOP of MySQL for 10 s']/error")
    assert case is not None
    assert (case.get("type"), case.get("message")) == ("Invalid", "INVALID: MySQL answered during the whole time")
    assert "struck: no" in (case.text or "")


def test_sections_of_chapters_are_suites_in_their_order() -> None:
    """Each section is a suite, 5.10 behind 5.9, named by its heading or by the title that its checks share."""
    record = make_record(*(Check(section, f"t{section}", "Model") for section in ("5.10", "5.9", "8.1")))
    root = ElementTree.fromstring(render_junit(record).encode())  # noqa: S314  our own text
    assert [suite.get("name") for suite in root] == [
        "5.9 Immutable annotation",
        "5.10 Re-created",
        "8.1 t8.1",
    ]


def test_facts_of_what_passed_are_kept() -> None:
    """What a passing check measured is its output; a known limit says which issue and what was found."""
    record = make_record(
        Check("8.1", "a", status=Status.PASS, facts={"struck": "yes"}),
        Check("5.7", "b", "Model", status=Status.KNOWN, detail="T", issues=["orphan"], findings=[LIVE]),
    )
    root = ElementTree.fromstring(render_junit(record).encode())  # noqa: S314  our own text
    assert [item.text for item in root.iter("system-out")] == [f"KNOWN ISSUE (orphan): T\n{LIVE}", "struck: yes"]


def _split_markdown(text: str) -> dict[str, str]:
    """Return the parts of a document by heading."""
    parts = text.split("\n\n## ")
    return {title: body.strip() for title, _, body in (part.partition("\n") for part in parts)}


def _read_table(part: str, *, last: bool = False) -> list[list[str]]:
    """Return the cells of the first table of a part, or of the last one; the heads first."""
    tables = [paragraph.splitlines() for paragraph in part.split("\n\n") if paragraph.startswith("| ")]
    heads, _, *rows = tables[-1 if last else 0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in (heads, *rows)]


def _find_cell(page: Page, start: str) -> str:
    return next(text for _, text in page.find("td", "ia-cell") if text.startswith(start))
