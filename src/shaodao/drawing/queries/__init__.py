"""What is read to draw lists: the ground, a draft laid out, the net by levels."""
