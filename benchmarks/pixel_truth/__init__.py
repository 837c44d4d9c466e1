"""Do maps point at what was memorised? Composites of two models' answers, in blocks, are the truth they are held to."""
