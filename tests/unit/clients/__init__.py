"""Promises of `harness.clients`."""
