"""Promises of `harness.doctor`."""
