"""What is done about the people in the grids. The only code that writes it."""
