"""Promises of `harness.sandbox.local.supervisor`."""
