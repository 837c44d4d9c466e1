"""What the numbers say about single suspects, and how far maps can be trusted."""
