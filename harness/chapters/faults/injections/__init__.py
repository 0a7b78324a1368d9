"""The faults: each is injected, proven, active for a while, and recovered from."""
