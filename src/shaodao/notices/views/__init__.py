"""Pages of the notices: one's own mailbox and choices, the channels, and the texts."""
