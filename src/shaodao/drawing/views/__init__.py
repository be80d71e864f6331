"""The pages on which contact lists are drawn, and the map of the net."""
