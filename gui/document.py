"""An audit as the window reads it: images, scores, maps and decisions, found by image id. Knows nothing of Qt.

What reads files, or a whole column for the first time, belongs into a thread other than the window's.
"""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from core.attacks.shipped import is_short_name
from core.audit.asked_alike import TAUGHT_IN_BLOCKS
from core.audit.columns import ColumnStore
from core.audit.folder import unwritable, writer_of
from core.audit.map_power import asked_of
from core.audit.place import image_path, label_path
from core.audit.review import ReviewEntry
from core.audit.spec import AttackEntry, AuditSpec, read_spec
from core.audit.store import SPEC_NAME, ImageRow
from core.audit.summary import summarise, write_summary
from core.audit.verdicts import Verdict, Verdicts, verdicts_of
from core.data.images import read_image
from core.data.labels import read_label, settle_encoding
from core.data.samples import Role
from core.data.scheme import ClassScheme, load_scheme
from core.defenses.chain import Chain
from core.progress import Progress
from gui.columns import Columns, FloatArray, Listing, Segmentation
from gui.ranges import Map, Range, Ranges
from gui.reviewed import Reviewed

if TYPE_CHECKING:
    from core.audit.slices import Slices

T = TypeVar("T")
LOSS = "loss"


class AuditDocument(Reviewed):
    """An audit folder, finished or still growing. Safe to use from several threads.

    Reading raises `StoreError` where the audit is damaged, `DataError` where an image or label map cannot be read.

    Attributes
    ----------
    folder, spec, title
        Where it lies, what was asked, and its name.
    chains, attacks, primary
        Its defenses and attacks in order, and the id of the one attack named beforehand.
    writer
        Number of the process that ran it when this was opened or refreshed; None where none did.
    """

    def __init__(self, store: ColumnStore, spec: AuditSpec) -> None:
        super().__init__(store.folder)
        self.spec = spec
        self.title = spec.name
        self.chains: tuple[Chain, ...] = spec.defenses
        self.attacks: tuple[AttackEntry, ...] = spec.attacks
        self.primary: str = spec.primary.id
        self.writer = writer_of(store.folder)
        self._store = store
        # Others may still read in their threads when another audit comes into view: the last of them closes the files.
        self._closing = weakref.finalize(self, store.close)
        self._columns = Columns(store)
        self._ranges = Ranges(store, spec.defenses)
        self._kept: dict[tuple[str, ...], Any] = {}
        self._judged: tuple[Listing, tuple[ReviewEntry, ...], Verdicts | None] | None = None

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an audit folder. Raises `StoreError` where it is none or damaged, `SpecError` for a wrong spec."""
        store = ColumnStore.read(folder)
        try:
            return cls(store, read_spec(folder / SPEC_NAME))
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the files now; nothing can be read afterwards. Else they are closed when nobody holds the audit."""
        self._closing()

    def refresh(self) -> bool:
        """Take in what a running audit wrote since; says whether there was anything. Cheap where there was not.

        That a run has begun or ended is news too.
        """
        before, self.writer = self.writer, writer_of(self.folder)  # first: what its last step wrote is read below
        return self._columns.refresh() or self.writer != before

    def fact(self, key: str, default: Any = None) -> Any:
        """Something the run recorded about itself: "target", "data_check", "independence", ..."""
        return self._store.fact(key, default)

    # ------------------------------------------------------------ images

    @property
    def listing(self) -> Listing:
        """The images with their keys, roles and states, at this moment; `refresh` may make another one."""
        return self._columns.listing

    @property
    def rows(self) -> tuple[ImageRow, ...]:
        """All images, in the spec's order."""
        return self.listing.rows

    def row(self, image: int) -> ImageRow:
        """One image. Raises KeyError for an unknown id."""
        listing = self.listing
        return listing.rows[listing.index[image]]

    @property
    def first_image(self) -> int | None:
        """The first image with results, or the first one at all."""
        rows = self.rows
        return next((row.id for row in rows if row.state == "done"), rows[0].id if rows else None)

    def path(self, image: int) -> Path:
        """Where the image lies now: an audit may have been moved together with its images."""
        return image_path(self.row(image), self.spec)

    def image(self, image: int) -> npt.NDArray[np.uint8]:
        """Pixels `(H, W, 3)` uint8 RGB, decoded from the file."""
        return read_image(self.path(image), self.spec.run.pixel_limit)

    def label(self, image: int) -> npt.NDArray[np.uint8] | None:
        """Label map `(H', W')` uint8 train ids, 255 = void, decoded from the file; None without one."""
        row = self.row(image)
        path, scheme = label_path(row, self.spec), self.scheme_of(row.entry)
        if path is None or scheme is None:
            return None
        return read_label(path, scheme, self._encoding(row.entry, scheme), self.spec.run.pixel_limit).train_ids

    def _encoding(self, entry: int, scheme: ClassScheme) -> str:
        """How the label maps of one [[images]] table are stored, settled for all of them together as the run did."""
        given = self.spec.images[entry].encoding
        if given not in {None, "auto"}:
            return str(given)
        paths = [path for row in self.rows if row.entry == entry and (path := label_path(row, self.spec))]
        return self._once(("encoding", str(entry)), lambda: settle_encoding(paths, scheme, self.spec.run.pixel_limit))

    # ------------------------------------------------------------ classes

    def scheme_of(self, entry: int) -> ClassScheme | None:
        """The class scheme of one [[images]] table of the spec; None where nothing names one."""
        named = self.spec.images[entry].scheme or self.spec.scheme or self.fact("classes", {}).get("scheme")
        if not named:
            return None
        place = self.spec.resolve(named) if named.endswith((".toml", ".json")) else named
        return self._once(("scheme", str(place)), lambda: load_scheme(place, self.spec.folder))

    @property
    def scheme(self) -> ClassScheme | None:
        """Names and colours of the classes by train id: the first scheme that a table has."""
        schemes = (self.scheme_of(entry) for entry in range(len(self.spec.images)))
        return next((scheme for scheme in schemes if scheme is not None), None)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes by train id, as the run noted them; empty without label maps."""
        return tuple(self.fact("classes", {}).get("names", ()))

    # ------------------------------------------------------------ scores

    def chain(self, chain: str) -> Chain | None:
        """The defense of that id, where the audit has it."""
        return next((known for known in self.chains if known.id == chain), None)

    def attack(self, attack: str) -> AttackEntry | None:
        """The attack of that id, where the audit has it."""
        return next((entry for entry in self.attacks if entry.id == attack), None)

    def scores(self, chain: str, attack: str) -> FloatArray:
        """Image scores `(n,)` in the order of `rows`, NaN where there is none."""
        return self._columns.scores(chain, attack)

    def segmentation(self, chain: str) -> Segmentation:
        """MIoU and classes of every image under a defense, in the order of `rows`."""
        return self._columns.segmentation(chain)

    def confusions(self, chain: str) -> Iterator[tuple[Sequence[int], npt.NDArray[np.int64]]]:
        """Image ids and confusion counts `(m, C, C)`, rows = label, of all images counted under a defense, in parts."""
        return self._store.confusion_column(chain)

    def unscored(self, chain: str) -> frozenset[int]:
        """Ids of the images that are done, but not yet under a defense that was added to the audit."""
        return self._store.unscored(chain)

    def holds(self, *column: str) -> bool:
        """Whether ("scores", chain, attack) or ("segmentation", chain) was read already, so that it costs nothing."""
        return self._columns.holds(*column)

    def reason(self, image: int, chain: str, attack: str) -> str | None:
        """Why an image has no image score: why it failed, or what the attack needs. None where it has one."""
        return self.row(image).reason or self._store.score_reason(image, chain, attack)

    # ------------------------------------------------------------ maps

    def map_names(self, attack: str) -> tuple[str, ...]:
        """The maps an attack draws; the first is the one to show."""
        entry = self.attack(attack)
        return () if entry is None else entry.attack.maps

    def shipped_network(self, attack: str) -> str:
        """Short name of the attack network that comes with the program and draws an attack's maps; "" for others."""
        entry = self.attack(attack)
        network = str(vars(entry.attack).get("network", "")) if entry else ""
        return network if is_short_name(network) else ""

    def asked(self, attack: str) -> str:
        """Which references an attack asks, as `core.audit.map_power.asked_of` has it."""
        entry = self.attack(attack)
        return "" if entry is None else asked_of(entry.attack, bool(self.fact(TAUGHT_IN_BLOCKS, 0)))

    def maps(self, image: int, chain: str, attack: str) -> dict[str, Map]:
        """Maps `(h, w)` by name and, as "windows", the visited patches `(n, 3)`; empty where none were kept."""
        return self._store.maps(image, chain, attack)

    @property
    def loss_attack(self) -> str | None:
        """The attack that keeps the loss of each pixel as its map, where the audit has one."""
        return next((entry.id for entry in self.attacks if LOSS in entry.attack.maps), None)

    def loss_map(self, image: int, chain: str) -> Map | None:
        """The loss of each pixel `(h, w)` in nats, NaN where void; None where the audit kept none."""
        attack = self.loss_attack
        return None if attack is None else self.maps(image, chain, attack).get(LOSS)

    def value_range(self, attack: str, layer: str, *, hard: bool = False) -> Range:
        """The colour range (low, high) of a map, shared by all defenses so that equal colours mean equal values.

        The first call reads the maps of some images. Defenses that release label maps only (`hard`) have a loss range
        of their own: their losses are 0 or 69. (0, 1) where no map was kept.
        """
        return self._ranges.of(self.listing, attack, layer, hard=hard)

    # ------------------------------------------------------------ verdicts, parts and numbers

    def judgement(self) -> Verdicts | None:
        """The verdicts on the suspects after all decisions, and what they rest on; work for a thread.

        None without suspects and before the end.
        """
        before, listing, entries = self._judged, self.listing, self.entries
        if before is not None and before[0] is listing and before[1] is entries:
            return before[2]
        suspects = bool(np.any(listing.roles == str(Role.SUSPECT))) and self.fact("finished") is not None
        found = verdicts_of(self._store, self.spec, entries) if suspects else None
        self._judged = listing, entries, found
        return found

    def verdicts(self) -> Mapping[int, Verdict]:
        """The verdicts by image id; as `judgement`, empty where that is None."""
        found = self.judgement()
        return {} if found is None else {verdict.image: verdict for verdict in found.verdicts}

    def slices(self, chain: str, attack: str, progress: Progress) -> "Slices":
        """Where the first map of an attack leaks; reads every map. Raises as `core.audit.slices.slices_of`."""
        from core.audit.slices import slices_of  # brings OpenCV: not before it is needed

        return slices_of(self._store, self.spec, chain, attack, progress)

    def summary(self) -> dict[str, Any]:
        """Every number of the audit without the excluded images; seconds, as intervals are resampled."""
        return summarise(self._store, self.spec)

    def save_summary(self) -> None:
        """Bring the summary file of a finished audit up to date with the exclusions. Raises `StoreError`."""
        if self.fact("finished") is not None:
            try:
                write_summary(self.folder, self.summary())
            except OSError as error:
                raise unwritable(self.folder, error) from error

    # ------------------------------------------------------------

    def _once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` gave the first time. No lock: two threads making the same is cheaper than one that waits."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept
