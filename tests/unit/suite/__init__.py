"""Promises of `harness.suite`."""
