"""What the roles of images are called on screen, and their colours."""

from core.data.samples import Role

TITLES = {Role.MEMBER: "Member", Role.NON_MEMBER: "Non-member", Role.SUSPECT: "Suspect"}
PLURALS = {Role.MEMBER: "Members", Role.NON_MEMBER: "Non-members", Role.SUSPECT: "Suspects"}

COLOURS = {Role.MEMBER: "#c8663c", Role.NON_MEMBER: "#4c7fc9", Role.SUSPECT: "#8d949e"}
"""Rust and blue as at the ends of the evidence maps, grey for the question; legible on light and dark."""
