"""Chapter 10: all rows once more, at the end of the run."""
