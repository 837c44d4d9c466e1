"""A tour of the window: a script drives the real one over the demo audit and takes the pictures of the docs."""
