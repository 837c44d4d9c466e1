"""Results as files for other programs, written away from the window's thread."""
