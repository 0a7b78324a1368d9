"""Faults under load: a workload with a history, faults that strike it, and checkers of what is left."""
