"""What the self-test found out about the harness: each seeded fault with the cells that it turned red, clean runs.

It judges and renders; `test_faults.py` runs the faults. The report is written anew with every entry, so that a run
that is killed leaves what it had.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from harness.report.formatting import count, format_duration, join_names
from harness.report.html import load_css
from harness.report.markdown_syntax import escape, tabulate
from harness.report.record import write_text
from tests.selftest.faults.fault import ALL, Cell

NOT_TRIED = "not tried"


@dataclass(frozen=True)
class FaultEntry:
    """What became of one seeded fault: the cells that it must turn red, and those that it did.

    Those that it `may` turn red besides depend on timing. The verdict took `seconds`, None where it was not tried.
    The same run tried so many others `beside` it.
    """

    name: str
    expected: AbstractSet[Cell] = frozenset()
    found: AbstractSet[Cell] = frozenset()
    seconds: float | None = None
    may: AbstractSet[Cell] = frozenset()
    remark: str = ""
    beside: int = 0

    @property
    def is_caught(self) -> bool:
        """Whether it turned exactly its cells red, and nothing else was wrong with how it was reported."""
        return bool(self.found) and self.expected <= self.found <= self.expected | self.may and not self.remark

    @property
    def verdict(self) -> str:
        """Whether it was caught, in words."""
        if self.seconds is None:
            return NOT_TRIED
        if self.is_caught:
            return "yes"
        return "yes, but not as it must be" if self.found else "no"

    @property
    def time(self) -> str:
        """How long the verdict took, in words; and of how many others it was the verdict too."""
        if self.seconds is None:
            return ""
        return format_duration(self.seconds) + (f", with {count(self.beside, 'other')}" if self.beside else "")

    @property
    def differences(self) -> list[str]:
        """What is missing, what is too much, and what else was wrong."""
        missing, extra = self.expected - self.found, self.found - self.expected - self.may
        if self.seconds is None:
            return []
        return [
            *([f"missing: {spell_cells(missing)}"] if missing else []),
            *([f"unexpected: {spell_cells(extra)}"] if extra else []),
            *([self.remark] if self.remark else []),
        ]


@dataclass(frozen=True)
class CleanEntry:
    """One run of an ingester without a fault, and the cells that it turned red all the same."""

    name: str
    alarms: AbstractSet[Cell]
    seconds: float


Entry = FaultEntry | CleanEntry


@dataclass
class Ledger:
    """The entries of a self-test; `folder` gets the report, `selected` are the faults that are to be tried."""

    folder: Path
    selected: list[str] = field(default_factory=list)
    interrupted: bool = False
    clean: list[CleanEntry] = field(default_factory=list)
    _faults: dict[str, FaultEntry] = field(default_factory=dict)

    def enter(self, entry: Entry) -> None:
        """Enter what became of a fault, or of a run without one. Raises OSError."""
        if isinstance(entry, FaultEntry):
            self._faults[entry.name] = entry
        else:
            self.clean.append(entry)
        self.write()

    @property
    def faults(self) -> list[FaultEntry]:
        """The faults in the order of their selection, those that were not tried among them."""
        names = dict.fromkeys((*self.selected, *self._faults))
        return [self._faults.get(name, FaultEntry(name)) for name in names]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was tried."""
        return not self._faults and not self.clean

    @property
    def succeeds(self) -> bool:
        """Whether every fault was caught in its cells, and no clean run raised an alarm."""
        return all(entry.is_caught for entry in self.faults) and not any(entry.alarms for entry in self.clean)

    @property
    def headline(self) -> str:
        """The result in one line."""
        entries = self.faults
        tried = [entry for entry in entries if entry.seconds is not None]
        caught = sum(entry.is_caught for entry in tried)
        parts = []
        if entries:
            word = ", each in its cells" if caught == len(tried) else " in their cells"
            parts.append(f"{caught} of {count(len(tried), 'fault')} caught{word}")
        others = sum(bool(entry.found) and not entry.is_caught for entry in tried)
        missed = sum(not entry.found for entry in tried)
        parts += [f"{others} caught otherwise"] if others else []
        parts += [f"{missed} missed"] if missed else []
        if len(tried) < len(entries):
            parts.append(f"{len(entries) - len(tried)} {NOT_TRIED}")
        alarms = sum(bool(entry.alarms) for entry in self.clean)
        if self.clean:
            runs = count(len(self.clean), "clean run")
            parts.append(f"{alarms} of {runs} with a false alarm" if alarms else f"{runs} without a false alarm")
        return ("Interrupted: " if self.interrupted else "") + ("; ".join(parts) or "nothing was tried")

    def write(self) -> None:
        """Write the report as a page and as Markdown. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / "report.html", render_html(self))
        write_text(self.folder / "report.md", render_markdown(self))


def spell_cells(cells: Iterable[Cell]) -> str:
    """Return cells in words, sections of the same kinds together: '1.6, 2.3 of Model; 1.1'."""
    kinds: dict[str, list[str]] = {}
    for section, kind in sorted(cells, key=lambda cell: ([*map(int, cell[0].split("."))], cell[1])):
        kinds.setdefault(section, []).append(kind)
    sections: dict[tuple[str, ...], list[str]] = {}
    for section, names in kinds.items():
        sections.setdefault(tuple(sorted(filter(None, names), key=_rank)), []).append(section)
    return "; ".join(
        ", ".join(numbers) + (f" of {_name_kinds(names)}" if names else "") for names, numbers in sections.items()
    )


def _rank(topic: str) -> tuple[int, str]:
    """Return where a kind, or another topic, stands: kinds in the report's order, the others after them."""
    return (ALL.index(topic) if topic in ALL else len(ALL), topic)


def _name_kinds(names: tuple[str, ...]) -> str:
    return "all kinds" if set(names) >= set(ALL) else join_names(list(names))


def render_html(ledger: Ledger) -> str:
    """Return the ledger as an HTML page that needs nothing from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("ledger.html.j2").render(
        ledger=ledger,
        css=Markup(load_css("report.css")),  # noqa: S704  our own file
        spell_cells=spell_cells,
        duration=format_duration,
    )


def render_markdown(ledger: Ledger) -> str:
    """Return the ledger as Markdown."""
    rows = [
        (
            escape(entry.name),
            spell_cells(entry.expected),
            spell_cells(entry.found),
            "; ".join([f"{'✅' if entry.is_caught else '❌'} {entry.verdict}", *map(escape, entry.differences)]),
            entry.time,
        )
        for entry in ledger.faults
    ]
    parts = ["# Self-test of the harness", f"**{escape(ledger.headline)}.**"]
    if rows:
        parts.append(tabulate(("Fault", "Must turn red", "Turned red", "Caught", "Time to verdict"), rows))
    clean = [
        (escape(run.name), _say_alarms(run), format_duration(run.seconds))
        for run in ledger.clean
    ]
    if clean:
        parts += ["## Clean runs", tabulate(("Run", "False alarms", "Time"), clean)]
    return "\n\n".join(parts) + "\n"


def _say_alarms(run: CleanEntry) -> str:
    return f"❌ {spell_cells(run.alarms)}" if run.alarms else "✅ none"


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Print the ledger as a table, and the headline below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Fault", "Turned red", "Caught", "Time"):
        justify: JustifyMethod = "right" if heading == "Time" else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading == "Fault")
    for entry in ledger.faults:
        verdict = Text("; ".join([entry.verdict, *entry.differences]), "green" if entry.is_caught else "bold red")
        table.add_row(entry.name, spell_cells(entry.found), verdict, entry.time)
    for run in ledger.clean:
        if run.alarms:
            table.add_row(run.name, spell_cells(run.alarms), "false alarm", format_duration(run.seconds))
    if table.row_count:
        console.print(table)
    console.print(f"{ledger.headline}.", soft_wrap=True)
    console.print(f"Report: {ledger.folder / 'report.html'}", soft_wrap=True)
