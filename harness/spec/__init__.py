"""The contract as facts, without I/O: kinds, columns, rows, equality, annotations, profiles, templates."""
