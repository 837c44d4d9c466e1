"""Names of the colour maps, for whoever needs no colours: the settings are there before the window is."""

SEQUENTIAL = ("viridis", "cividis", "magma", "inferno")
"""Names of the maps for values that begin somewhere: probabilities, losses. The first is the default."""

DIVERGING = "blue to rust"
"""Name of the map for values whose middle is 0: evidence, differences."""
