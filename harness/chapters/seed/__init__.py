"""Chapters 1 to 3: what the seed report validated by hand: the sandbox, creation, one patch, known issues."""
