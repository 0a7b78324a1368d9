"""Promises of `harness.sandbox.local`."""
