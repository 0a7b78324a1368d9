"""What objects of a kind may hold, read from its schema alone: the leaves, a value for each, whole objects. Pure."""
