"""Promises of `harness.cli`."""
