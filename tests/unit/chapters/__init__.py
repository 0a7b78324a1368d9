"""Promises of `harness.chapters`."""
