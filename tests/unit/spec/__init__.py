"""Promises of `harness.spec`."""
