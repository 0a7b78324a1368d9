"""Promises of `harness.chapters.restarts`."""
