"""Every field of every kind, set, changed and removed: objects are made from the kinds' own schemas alone."""
