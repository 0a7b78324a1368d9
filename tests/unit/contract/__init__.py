"""Unit tests of harness.contract."""
