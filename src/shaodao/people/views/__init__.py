"""The pages of people: logging in, one's own account, accounts and posts, units, the journal."""
