"""What was looked at when the program ended, so that it can be looked at again. Knows nothing of Qt's widgets."""

import contextlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from core.errors import SpecError
from core.files import write_text
from core.places import config_folder
from gui.recent import read_recent

if TYPE_CHECKING:
    from gui.selection import Selection

KINDS: Mapping[str, type] = {
    "audit": str,
    "image": int,
    "chains": list,
    "attack": str,
    "layer": str,
    "trials": list,
    "views": dict,
}


@dataclass(frozen=True)
class Session:
    """One view of one audit.

    Attributes
    ----------
    audit
        The audit folder; empty: the welcome page.
    image
        Image id; -1: none.
    chains, attack, layer
        As in `Selection`.
    views
        What each view keeps of its own, such as zoom and opacity, by the view's name.
    trials
        The chains that were tried, as TOML tables.
    """

    audit: str = ""
    image: int = -1
    chains: tuple[str, ...] = ()
    attack: str = ""
    layer: str = ""
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trials: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, selection: "Selection", views: Mapping[str, Mapping[str, Any]]) -> "Session":
        """What is looked at now."""
        document = selection.document
        if document is None:
            return cls()
        image = -1 if selection.image is None else selection.image
        trials = tuple(chain.to_table() for chain in selection.trials)
        shown = selection.chains, selection.attack, selection.layer
        return cls(str(document.folder), image, *shown, views, trials)

    def apply(self, selection: "Selection") -> None:
        """Look at the same again, as far as the audit still has it. The audit must be in view already."""
        document = selection.document
        if document is None:
            return
        if document.attack(self.attack) is not None:
            selection.attack = self.attack
        from core.defenses.chain import Chain  # brings numpy, which the first frame need not wait for

        for table in self.trials:
            with contextlib.suppress(SpecError):
                selection.add_trial(Chain.parse(table))
        known = [chain for chain in self.chains if selection.chain(chain) is not None]
        if known:
            selection.chains = known
        if self.layer in selection.layers:
            selection.layer = self.layer
        if self.image in document.listing.index:
            selection.image = self.image


def session_path() -> Path:
    """Where the session is."""
    return config_folder() / "session.toml"


def read_session() -> Session:
    """The last session; an empty one where there is none, or it cannot be read."""
    try:
        table = tomllib.loads(session_path().read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return Session()
    good = {key: table[key] for key, kind in KINDS.items() if isinstance(table.get(key), kind)}
    chains = tuple(c for c in good.pop("chains", []) if isinstance(c, str))
    trials = tuple(t for t in good.pop("trials", []) if isinstance(t, dict))
    views = {name: kept for name, kept in good.pop("views", {}).items() if isinstance(kept, dict)}
    return Session(**good, chains=chains, trials=trials, views=views)


def nothing_opened_yet() -> bool:
    """Whether nothing was ever looked at in a window here: then there is no session, not even an empty one."""
    return not session_path().exists() and not read_recent()


def write_session(session: Session) -> None:
    """Keep a session. Raises `OSError` where it cannot be written, `ValueError` where TOML has no word for it."""
    lists = {"chains": list(session.chains), "trials": list(session.trials)}
    write_text(session_path(), tomli_w.dumps(asdict(session) | lists))
