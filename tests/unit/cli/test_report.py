"""The command `report`: what two records' difference is worth to whoever asks for an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.__main__ import main
from harness.core.record import Check, Record, Status
from tests.unit.report.sample_contents import make_record


def _write(path: Path, record: Record) -> str:
    path.write_text(record.to_json(), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("now", "version", "codes"),
    [
        (Status.PASS, "1", {"worse": 0, "any": 0, "never": 0}),
        (Status.PASS, "2", {"worse": 0, "any": 0, "never": 0}),
        (Status.KNOWN, "1", {"worse": 1, "any": 1, "never": 0}),
        (Status.NOT_APPLICABLE, "1", {"worse": 0, "any": 1, "never": 0}),
    ],
)
def test_what_the_exit_code_says(now: Status, version: str, codes: dict[str, int], tmp_path: Path) -> None:
    """What is worse counts, or what differs, or nothing; a version that differs is no difference by itself."""
    old, new = (make_record(Check("1.4", "c", "Model", status=status)) for status in (Status.PASS, now))
    old.harness_version, new.harness_version = "1", version
    paths = [_write(tmp_path / f"{name}.json", record) for name, record in (("old", old), ("new", new))]
    assert {word: main(["report", "diff", "--fail-on", word, *paths]) for word in codes} == codes
    assert main(["report", "diff", *paths]) == codes["worse"]


def test_an_unknown_format_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the option, the value and the valid ones."""
    with pytest.raises(SystemExit) as ended:
        main(["report", "diff", "--format", "xml", "a", "b"])
    assert ended.value.code == 4
    message = capsys.readouterr().err
    assert all(word in message for word in ("--format", "xml", "markdown", "json"))
