"""Unit tests of what is made of a schema."""
