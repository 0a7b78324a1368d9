"""Promises of `harness.chapters.contract`."""
