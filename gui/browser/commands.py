"""The commands of the image browser, for menus, shortcuts, the palette and the list's own menu."""

import sys
from typing import TYPE_CHECKING

from gui.actions import Action

if TYPE_CHECKING:
    from gui.browser.panel import BrowserPanel


def image_actions(panel: "BrowserPanel") -> list[Action]:
    """Everything that can be done in the browser."""
    return [*_travel(panel), *_views(panel), *for_images(panel)]


def _travel(panel: "BrowserPanel") -> list[Action]:
    go, some = panel.images, panel.has_rows
    return [
        Action("image.previous", "Previous image", "Image", "A", lambda: go.step(-1), "", "previous", some),
        Action("image.next", "Next image", "Image", "D", lambda: go.step(1), "", "next", some),
        Action("image.first", "First image", "Image", "Shift+A", lambda: go.go_to(0), enabled=some),
        Action("image.last", "Last image", "Image", "Shift+D", lambda: go.go_to(sys.maxsize), enabled=some),
    ]


def _views(panel: "BrowserPanel") -> list[Action]:
    return [
        Action(
            "images.filter",
            "Filter the images",
            "View",
            "Ctrl+F",
            panel.focus_filter,
            "Show only images whose path has these words.",
            "search",
            panel.has_document,
        ),
        Action(
            "images.grid",
            "Images as a grid",
            "View",
            "Ctrl+G",
            panel.toggle_grid,
            "Large thumbnails in the place of the list.",
            "grid",
            checked=panel.shows_grid,
        ),
    ]


def for_images(panel: "BrowserPanel") -> list[Action]:
    """What can be done with the selected images; also the list's own menu."""
    decide, chosen = panel.decisions, panel.has_images
    return [
        Action(
            "review.flag",
            "Flag or take the flag off",
            "Image",
            "Ctrl+B",
            lambda: decide.flag(panel.chosen()),
            "Mark the image to come back to it. Kept in the review log.",
            "flag",
            chosen,
        ),
        Action(
            "review.note",
            "Add a note...",
            "Image",
            "Ctrl+M",
            lambda: decide.note(panel.chosen()),
            "Say something about the image. Kept in the review log.",
            "note",
            chosen,
        ),
        Action(
            "review.exclude",
            "Exclude or include again...",
            "Image",
            "Ctrl+E",
            lambda: decide.exclude(panel.chosen()),
            "Take the image out of every number, with a reason. Kept in the review log.",
            "exclude",
            chosen,
        ),
        Action(
            "file.reveal-image",
            "Show in the file manager",
            "Image",
            "",
            panel.reveal,
            "Open the folder that the image is in.",
            "folder",
            chosen,
        ),
        Action(
            "file.copy-path",
            "Copy the path",
            "Image",
            "Ctrl+Alt+C",
            panel.copy_path,
            "The path of the image's file, or one path in each line.",
            "copy",
            chosen,
        ),
    ]
