"""Rounds of faults by the hundred: seeds, faults, versions and databases, as tasks on Ray.

A round is that of chapter 8, in a sandbox and a process of its own. What comes of them is put together here; a
round itself is judged where it was run.
"""
