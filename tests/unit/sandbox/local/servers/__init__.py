"""Promises of `harness.sandbox.local.servers`."""
