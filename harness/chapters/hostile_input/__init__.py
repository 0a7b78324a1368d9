"""Hostile input: each piece of it is refused, or reaches MySQL whole, or is a limit that the report names."""
