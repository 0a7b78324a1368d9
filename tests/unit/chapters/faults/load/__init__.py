"""Promises of `harness.chapters.faults.load`."""
