"""Promises of `harness.subject`."""
