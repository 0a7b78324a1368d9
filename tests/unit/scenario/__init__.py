"""The scenario's parts, without a system to test."""
