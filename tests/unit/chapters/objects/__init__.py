"""Unit tests of the chapter of fields."""
