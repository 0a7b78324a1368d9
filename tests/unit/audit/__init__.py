"""Promises of `harness.audit`."""
