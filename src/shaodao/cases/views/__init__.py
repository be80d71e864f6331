"""The office's pages: one case, the desk, a worker's phone, the rules."""
