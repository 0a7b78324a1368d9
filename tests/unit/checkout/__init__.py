"""Promises of `harness.checkout`."""
