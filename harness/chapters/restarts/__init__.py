"""Chapter 6: gates and settings, and what the Ingester catches up with after a time away."""
