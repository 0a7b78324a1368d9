"""Promises of `harness.load`."""
