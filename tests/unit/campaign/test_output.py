"""What a page, Markdown and a console say of a campaign."""

from __future__ import annotations

import html
import io
import os
import re
from pathlib import Path

from rich.console import Console

from harness.campaign.output.html import render_page
from harness.campaign.output.markdown import render_markdown
from harness.campaign.output.publish import publish
from harness.campaign.output.table import describe_verdict, list_faults, list_missing
from harness.campaign.record import CampaignRecord, merge
from harness.core.record import Status
from tests.unit.campaign.sample import judge, make_plan, make_record

GOLDEN = Path(__file__).with_name("golden.md")


def test_markdown_is_as_it_was() -> None:
    """The whole of it; UPDATE_GOLDEN=1 writes it anew."""
    text = render_markdown(make_record())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_failure_has_the_command_that_repeats_it() -> None:
    """On the page, with where its own report is."""
    record = make_record()
    page = html.unescape(render_page(record))
    failed = [each.round for each in record.rounds if each.failed]
    assert len(failed) == 4
    for one in failed:
        assert f"<code>{one.command}</code>" in page
        assert f'href="rounds/{one.folder}/report.html"' in page


def test_the_page_needs_nothing_else_and_quotes_safely() -> None:
    """It loads nothing, and what a round said is text in it."""
    page = render_page(make_record())
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//|<script|@import|url\(", page)
    assert "<b>lost" not in page
    assert "&lt;b&gt;lost" in page


def test_every_round_is_on_the_page_in_words() -> None:
    """Its mark has a name, so that no colour is needed."""
    record = make_record()
    page = html.unescape(render_page(record))
    for each in record.rounds:
        assert f'title="{each.round}: {each.status.label}"' in page


def test_faults_that_struck_are_counted() -> None:
    """Those of judged rounds in which the fault was proven; an attempt in vain is one that is not."""
    table = list_faults(make_record())
    rows = {row[0]: dict(zip(table.heads, row, strict=True)) for row in table.rows}
    assert rows["etcd-stop"] == {
        "fault": "etcd-stop", "rounds": "6", "judged": "4", "struck": "4", "passed": "2", "known issue": "0",
        "failed": "2", "not applicable": "0", "in vain": "1",
    }  # fmt: skip


def test_the_verdict_says_what_is_missing() -> None:
    """An interruption, and how many rounds have no verdict; of a whole campaign it says neither."""
    assert describe_verdict(make_record()) == (
        "fail",
        "ROUNDS FAILED",
        "4 of 10 rounds failed: the rate is from 12 % to 74 % with 95 % confidence; "
        "2 rounds of 12 without a verdict; interrupted",
    )
    plan = make_plan()
    assert describe_verdict(CampaignRecord(rounds=merge(plan, map(judge, plan))))[:2] == ("pass", "ALL PASSED")


def test_all_formats_are_written(tmp_path: Path) -> None:
    """The console has the commands of what failed and names the page."""
    out = io.StringIO()
    publish(make_record(), tmp_path, Console(file=out, width=120))
    assert {path.name for path in tmp_path.iterdir()} == {"campaign.json", "campaign.md", "campaign.html"}
    assert "repeat it: soak lossy --fault mysql-kill --seed 1 --outage 1.5" in out.getvalue()
    assert str(tmp_path / "campaign.html") in out.getvalue().replace("\n", "")


def test_a_round_that_was_tried_in_vain_says_why() -> None:
    """Nothing has interrupted it: its last attempt is the reason."""
    plan = make_plan(1)
    record = CampaignRecord(rounds=merge(plan, [judge(plan[0]), judge(plan[1], Status.INVALID)]))
    table = list_missing(record)
    assert table is not None
    assert table.rows == (("INVALID: the load was not there", "1"),)
