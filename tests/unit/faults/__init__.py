"""Tests of `harness.faults`: plans, clients, checkers and rounds, without servers."""
