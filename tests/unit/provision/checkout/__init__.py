"""Promises of `harness.provision.checkout`."""
