"""Promises of `harness.clients.michelangelo`."""
