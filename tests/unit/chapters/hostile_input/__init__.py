"""Promises of `harness.chapters.hostile_input`."""
