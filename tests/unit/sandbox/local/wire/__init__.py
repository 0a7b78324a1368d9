"""Promises of `harness.sandbox.local.wire`."""
