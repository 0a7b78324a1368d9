"""Promises of `harness.core`."""
