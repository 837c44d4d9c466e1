"""SegLeak without a window: data, targets, defenses, attacks, metrics, audits. Never imports Qt."""

__version__ = "0.1.0"
