"""Promises of `harness.clients.mysql`."""
