"""Pages about the people in the grids, one module a subject."""
