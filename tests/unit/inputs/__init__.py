"""Tests of `harness.inputs`."""
