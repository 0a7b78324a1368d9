"""Records of an awaited row that it equals its object, or everything about it where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.record import Finding
from harness.subject.examination import examine_row
from harness.subject.steps import Sync
from harness.subject.subject import Write
from harness.suite.recorder import Recorder


class OverdueError(Exception):
    """A row did not follow its object in time: what its step does next would be waited for in vain.

    `write` is what it did not follow, None where that has been told; `findings` are those that say so.
    """

    def __init__(self, write: Write | None = None, findings: Sequence[Finding] = ()) -> None:
        super().__init__()
        self.write = write
        self.findings = findings


def record_row(recorder: Recorder, sync: Sync, after: str, earlier: Sequence[str] = ()) -> None:
    """Compare an awaited row with its object; the evidence is whole where they differ, else one line.

    `earlier` are the uids of objects that had the name before. Raises OverdueError where it did not follow.
    """
    found = [Finding(f.code, f"{after}: {f.where}", f.expected, f.actual) for f in examine_row(sync, earlier)]
    if found or sync.row is None:
        recorder.evidence += sync.describe()
        recorder.compare(found, f"{after}: the row against the object")
        if not sync.arrived:
            recorder.note("the rest of this section was not tried", "what it writes would be awaited in vain")
            raise OverdueError(sync.write, found)
        return
    sync.write.subject.note_row(sync.row)
    labels, annotations = len(sync.row.labels), len(sync.row.annotations)
    recorder.note(
        f"{after}: the row equals the object at resourceVersion {sync.row.res_version}",
        f"reached after {sync.waited_s:.3f} s; {labels} labels, {annotations} annotations",
    )
