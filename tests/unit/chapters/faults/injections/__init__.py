"""Promises of `harness.chapters.faults.injections`."""
