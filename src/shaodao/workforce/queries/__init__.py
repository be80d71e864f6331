"""What pages about the people in the grids ask, one module a subject."""
