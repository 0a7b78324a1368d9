"""A working tree of its own of a checkout's repository: any of its commits, and the checkout stays as it is.

It borrows the repository's objects, fetches nothing, and has only the files that the harness reads. Refuses refs
that the repository does not have.
"""

from __future__ import annotations

from pathlib import Path

from harness.core.errors import HarnessError, SettingsError
from harness.provision.checkout.git import ask_git, get_words
from harness.provision.checkout.remote import SPARSE_FOLDERS

_TIMEOUT_S = 300.0


def resolve_ref(checkout: Path, ref: str, option: str) -> str:
    """Return the commit that `ref` is in the checkout; SettingsError, naming the option, where it is none."""
    asked = ask_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", folder=checkout)
    if asked.exit_code != 0:
        why = get_words(asked) if asked.stderr else "there is no such ref"
        hint = "Valid: a branch, a tag or a commit of that checkout"
        raise SettingsError(f"{option}: {ref!r} in {checkout}: {why}", hint=hint)
    return asked.stdout.strip()


def make_worktree(checkout: Path, folder: Path, commit: str) -> Path:
    """Make a working tree of the checkout's repository at `folder`, with that commit, and return it.

    Raises HarnessError where git fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    source = ask_git("rev-parse", "--show-toplevel", folder=checkout)
    if source.exit_code != 0:
        raise SettingsError(f"{str(checkout)!r} is not a git checkout ({get_words(source)})", hint="Name one")
    steps: tuple[tuple[Path, tuple[str, ...]], ...] = (
        (folder.parent, ("clone", "--quiet", "--shared", "--no-checkout", source.stdout.strip(), str(folder))),
        (folder, ("sparse-checkout", "set", *SPARSE_FOLDERS)),
        (folder, ("checkout", "--quiet", "--detach", commit)),
    )
    for place, step in steps:
        ask_in_worktree(place, *step)
    return folder


def ask_in_worktree(folder: Path, *words: str) -> str:
    """Return what git says in a working tree that is ours; HarnessError where it fails."""
    done = ask_git(*words, folder=folder, timeout_s=_TIMEOUT_S)
    if done.exit_code != 0:
        raise HarnessError(f"git {words[0]} failed in {folder}: {get_words(done)}")
    return done.stdout.strip()
