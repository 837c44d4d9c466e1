"""Procedural street scenes: pictures and exact label maps in Cityscapes' classes, each from a seed."""

from core.data.scenes.compose import SIZE, Scene, make_scene
from core.data.scenes.writing import PLACES, write_scenes

__all__ = ["PLACES", "SIZE", "Scene", "make_scene", "write_scenes"]
