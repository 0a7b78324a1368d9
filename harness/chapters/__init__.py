"""The chapters of the report, one folder each; `CHAPTERS` is the only list of them, in the report's order."""

from __future__ import annotations

from harness.chapters.api_server.chapter import CHAPTER as API_SERVER
from harness.chapters.contract.chapter import CHAPTER as CONTRACT
from harness.chapters.faults.chapter import CHAPTER as FAULTS
from harness.chapters.fields.chapter import CHAPTER as FIELDS
from harness.chapters.hostile_input.chapter import CHAPTER as HOSTILE_INPUT
from harness.chapters.last_look.chapter import CHAPTER as LAST_LOOK
from harness.chapters.objects.chapter import CHAPTER as OBJECTS
from harness.chapters.restarts.chapter import CHAPTER as RESTARTS
from harness.chapters.seed.chapter import CHAPTER as SEED
from harness.suite.chapter import Chapter

CHAPTERS: tuple[Chapter, ...] = (
    SEED,
    API_SERVER,
    CONTRACT,
    RESTARTS,
    HOSTILE_INPUT,
    OBJECTS,
    FIELDS,
    LAST_LOOK,
    FAULTS,
)
