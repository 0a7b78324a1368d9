"""What objects of a kind may hold, by its schema alone: the leaves, a value for each, whole objects. Pure."""
