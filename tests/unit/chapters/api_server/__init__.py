"""Promises of `harness.chapters.api_server`."""
