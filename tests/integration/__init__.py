"""Tests with real servers; they take seconds each."""
