"""Tests of `harness.michelangelo`."""
