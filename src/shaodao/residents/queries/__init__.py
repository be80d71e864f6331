"""What the residents' pages read: only what is theirs by link, and what staff have released."""
