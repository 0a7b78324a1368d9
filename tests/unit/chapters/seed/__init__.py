"""Promises of `harness.chapters.seed`."""
