"""Measurements of what SegLeak claims about its speed: `python -m benchmarks`."""
