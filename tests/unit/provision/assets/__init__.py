"""Promises of `harness.provision.assets`."""
