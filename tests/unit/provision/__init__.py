"""Promises of `harness.provision`."""
