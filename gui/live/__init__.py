"""What the engine works out of the image in view, while somebody looks at it."""
