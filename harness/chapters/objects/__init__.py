"""A user's own objects: created, compared, patched by nothing and deleted. Without any there is no check."""
