"""The image browser."""

from gui.browser.panel import BrowserPanel

__all__ = ["BrowserPanel"]
