"""What a county starts with, and the sample town: fictional people and places with a past."""
