"""Tests of the sandbox in a cluster that exists."""
