"""The sections that are the same in every snapshot: method, limits, glossary."""

from collections.abc import Iterator

from core.attacks.shipped import is_short_name
from core.audit.asked_alike import ASKING_REFERENCES
from core.audit.map_power import IN_BLOCKS, ONLINE, paragraph
from core.parameters import parameters_of
from core.snapshot import words
from core.snapshot.blocks import Block, Callout, Facts, Text
from core.snapshot.content import Content
from core.snapshot.record import Record

OPENING = (
    "Membership inference asks whether a model was trained on a given image. A model that has learned its training "
    "images by heart answers them with more confidence than images of the same kind that it has never seen; the "
    "difference can be measured.",
    "Each image is given to the target as the target expects it. What the target gives out for each pixel, a "
    "probability for every class (its posteriors), is taken at nearest grid points so that the short side has 128 of "
    "them. A defense, where there is one, changes these posteriors, or another checkpoint answers instead.",
)
NETWORK = (
    "An attack with a network looks at the posteriors together with the label map: the structured loss map is -log of "
    "the posterior of the true class at each pixel. The attack network, trained on shadow models whose training images "
    "are known and which are not the target, judges patches of this map as member or non-member. The image score is "
    "the mean margin of its patches; higher means more likely a member."
)
FORMULA = (
    "Attacks without a network are formulas for each image, such as the mean loss; a higher score means more likely a "
    "member."
)
REFERENCES = (
    "Attacks with references set what the target says against what other models of the same classes say, which are "
    "the attacker's own: an image that is easy for every model is no evidence."
)
ONLINE_ASKED = (
    "Asked online, some of these have seen the image and some have not, and the target is held against both. The data "
    "check says which images they have seen."
)
IN_BLOCKS_ASKED = (
    "Here each of them has learned from a random half of the blocks of an image: at every pixel the target is held "
    "against those that learned from it and those that did not."
)
EVIDENCE = "The evidence map divides the image score among the pixels: the values add up to the score."
CLOSING = (
    "Scores of known members and known non-members show how well the attack works on this very target (ROC curve, "
    "AUC). A suspect's score is compared with those of known non-members. Intervals resample whole images, and whole "
    "groups where images share one, because pixels of an image are not independent."
)

LIMITS = (
    "Membership belongs to an image. A map is an attribution of the image's score; no pixel, object or person is shown "
    "to have been in the training data.",
    "No verdict says that an image was not trained on. “No evidence at this power” means that this attack would also "
    "have missed some known members.",
    "An attack that performs badly does not make a model safe: stronger attacks exist or may come. Defenses are judged "
    "by an attack that may not know them.",
    "The numbers hold for images like the known members and non-members. Duplicates between them, or a shift of camera "
    "or place, can fake or hide leakage; see the data check.",
    "A threshold set on shadow data and one set on the target's own data are different claims. The best threshold on "
    "the scores it is judged on is optimistic.",
    "All attacks but the primary one, named before anything was scored, are exploratory and give no verdict.",
    "Intervals cover the choice of images, not the choice of shadow models or of the seed.",
)

GLOSSARY = (
    (
        "AUC",
        "area under the ROC curve: the share of pairs of a member and a non-member in which the member scores higher",
    ),
    ("attack network", "the classifier that judges patches as member or non-member"),
    ("audit", "target, image sets, defenses and attacks, with their results"),
    ("defense", "a change to what the target gives out"),
    ("evidence map", "a division of the image score among the pixels"),
    ("FPR", "false positive rate: the share of non-members that are flagged"),
    ("hardened target", "a target trained with a defense, a checkpoint of its own"),
    ("image score", "one number per image; higher = more likely a member"),
    ("member, non-member, suspect", "an image known to be trained on, known not to be, unknown"),
    ("membership map", "one number per pixel: an attribution of the image score"),
    ("mIoU", "mean intersection over union: how well a segmentation fits its label maps, 0 to 1"),
    ("p", "p-value: how rare such a high score is among known non-members"),
    ("posteriors", "the target's probability for every class at each pixel"),
    ("power", "the share of known members that the same procedure finds"),
    ("q", "p-value allowing for the number of suspects (false discovery rate)"),
    ("ROC curve", "TPR against FPR over all thresholds"),
    ("shadow", "a model trained to learn what membership looks like"),
    ("structured loss map", "-log of the posterior of the true class at each pixel"),
    ("target", "the segmentation model under audit"),
    ("TPR", "true positive rate: the share of members that are found"),
)


def method(content: Content, record: Record) -> list[Block]:
    """The method on one page, with the citation."""
    attacks = [
        Text(f"{a.words}: {_sentence(type(a.attack).__doc__)} {a.note}".strip(), "small") for a in content.spec.attacks
    ]
    kinds = dict.fromkeys(type(defense) for chain in content.chains for defense in chain.defenses)
    defenses = [Text(f"{kind.title}: {_sentence(kind.__doc__)}", "small") for kind in kinds]
    return [*map(Text, _method(content)), *attacks, *defenses, Callout("The method", words.CITATION)]


def _method(content: Content) -> Iterator[str]:
    """Paragraphs on the kinds of attack there are in this audit."""
    attacks = [entry.attack for entry in content.spec.attacks]
    networks = [attack for attack in attacks if "network" in vars(attack)]
    yield from OPENING
    if networks:
        yield NETWORK
    if len(networks) < len(attacks):
        yield FORMULA
    if content.facts.get(ASKING_REFERENCES):
        asked = {content.asked(attack) for attack in attacks}
        told = [text for how, text in ((ONLINE, ONLINE_ASKED), (IN_BLOCKS, IN_BLOCKS_ASKED)) if how in asked]
        yield " ".join((REFERENCES, *told))
    if any("evidence" in attack.maps for attack in attacks):
        yield EVIDENCE
    yield CLOSING


def _sentence(doc: str | None) -> str:
    """The first sentence of a class' own description."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())


def limits(content: Content, record: Record) -> list[Block]:
    """What may and may not be concluded."""
    return [Text(f"{number}. {text}") for number, text in enumerate((*LIMITS, *_of_map(content)), start=1)]


def _of_map(content: Content) -> list[str]:
    """What was measured of the map that is printed; nothing where there is none."""
    pictures, attack = content.pictures, content.spec.primary.attack
    if not pictures.map_name:
        return []
    network = str(vars(attack).get("network", ""))
    shipped = network if is_short_name(network) else ""
    return [f"The {pictures.map_title}: {paragraph(pictures.map_name, shipped, content.asked(attack))}"]


def glossary(content: Content, record: Record) -> list[Block]:
    """The words."""
    return [Facts(GLOSSARY)]


def settings(content: Content) -> list[tuple[str, str]]:
    """Every setting of the run and the attacks."""
    spec = content.names.spec
    run = spec.run
    rows = [
        (info.name.replace("_", " "), f"{getattr(run, info.name)} {info.unit}".strip())
        for info in parameters_of(type(run))
    ]
    rows += [(f"attack {a.id}", f"{a.words}: {a.attack.describe()}") for a in spec.attacks]
    plain = dict(zip((chain.id for chain in content.spec.defenses), spec.defenses, strict=True))
    defenses = [(chain.id, content.name_of(chain), plain[chain.id].describe()) for chain in content.chains]
    return [*rows, *((f"defense {key}", f"{name}: {told}") for key, name, told in defenses)]
