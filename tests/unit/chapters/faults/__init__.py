"""Promises of `harness.chapters.faults`."""
