"""Promises of `harness.sandbox.local.client`."""
