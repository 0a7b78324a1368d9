"""Faults under load: a workload with a history, faults in the middle of it, and checkers of what is left."""
