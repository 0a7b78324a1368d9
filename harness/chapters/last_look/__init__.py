"""Chapter 11: all rows once more, at the end of the run."""
