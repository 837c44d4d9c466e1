"""Layouts of datasets. Importing this package registers every layout that has a file in it."""

import importlib
import pkgutil

from core.data.layouts.base import LAYOUTS, Layout
from core.data.layouts.detect import open_images

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["LAYOUTS", "Layout", "open_images"]
