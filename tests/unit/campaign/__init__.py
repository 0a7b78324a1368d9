"""Promises of `harness.campaign`."""
