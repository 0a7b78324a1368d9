"""Writes `docs/findings.md`, the track record, from the registries of known issues: `python -m tools.findings`.

Which versions have an issue, the bundled profiles say; which change of Michelangelo's ended it, the features do. A
test keeps the file true.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.chapters import CHAPTERS
from harness.core.known_issue import KnownIssue
from harness.core.resources import find_resource
from harness.report.formatting import join_names
from harness.report.markdown_syntax import escape, tabulate
from harness.spec.features import UPSTREAM_CHANGES
from harness.spec.profiles import Profile, list_profiles, load_profile
from harness.spec.versions import make_contract
from harness.suite.chapter import Chapter
from harness.suite.expectations import resolve

_HEAD = """# What the harness has found

Each limit and defect of Michelangelo's Ingester that the harness knows, by the chapter whose checks show it. A run
says which of them the version under test has. The marks stand for the versions that the bundled profiles describe:
✗ it shows there, ✓ it does not. Written by `python -m tools.findings`."""


def render_findings() -> str:
    """Return the document."""
    profiles = [load_profile(name) for name in _order_profiles()]
    having = {profile.name: {issue.id for issue in _list_issues(profile)} for profile in profiles}
    parts = [_HEAD, tabulate(["Profile", "Version"], [[f"`{p.name}`", escape(p.title)] for p in profiles])]
    for chapter in CHAPTERS:
        if chapter.issues:
            parts += [f"## {chapter.title}", _tabulate(chapter, profiles, having)]
            parts += [part for issue in chapter.issues for part in _describe(issue, chapter)]
    return "\n\n".join(parts) + "\n"


def _order_profiles() -> list[str]:
    """Return the names of the bundled profiles, that of the seed report's version first."""
    return sorted(list_profiles(), key=lambda name: (not name.startswith("report"), name != "upstream-main", name))


def _list_issues(profile: Profile) -> tuple[KnownIssue, ...]:
    return tuple(resolve(profile, CHAPTERS, make_contract(profile)).issues)


def _tabulate(chapter: Chapter, profiles: list[Profile], having: dict[str, set[str]]) -> str:
    heads = ["Finding", *(f"`{profile.name}`" for profile in profiles), "Ended by"]
    return tabulate(
        heads,
        [
            [
                f"[{escape(issue.title)}](#{issue.id})",
                *("✗" if issue.id in having[profile.name] else "✓" for profile in profiles),
                ", ".join(_list_changes(issue)),
            ]
            for issue in chapter.issues
        ],
    )


def _list_changes(issue: KnownIssue) -> Iterator[str]:
    """Yield the changes of Michelangelo's with which a feature got another value than the issue belongs to."""
    for feature in issue.features:
        name, _, value = feature.partition("=")
        for (changed, to), change in UPSTREAM_CHANGES.items():
            if changed == name and to != value:
                yield f"{change} ({name}: {to})"


def _describe(issue: KnownIssue, chapter: Chapter) -> Iterator[str]:
    headings = {section.number: section.heading or section.title for section in chapter.sections}
    shown = [f"{number} {headings[number]}".strip() if number in headings else number for number in issue.sections]
    yield f'<a id="{issue.id}"></a>\n\n### {escape(issue.title)}'
    facts = {
        "Found by": join_names(shown),
        "Kinds": join_names(list(issue.kinds)) or "all",
        "Impact": issue.impact,
        "Workaround": issue.workaround,
        "Suggested fix": issue.fix,
        "Where": issue.link,
        "Need not show": issue.need_not_show,
    }
    yield "\n".join(f"- **{name}**: {escape(text)}" for name, text in facts.items() if text)


def main() -> None:
    """Write the file."""
    path = find_resource("docs", "findings.md")
    path.write_text(render_findings(), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
