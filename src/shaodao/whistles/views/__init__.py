"""The pages of whistles."""
