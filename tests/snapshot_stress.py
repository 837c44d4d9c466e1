"""An audit with more and longer of everything than a page is made for."""

from core.audit import review
from core.snapshot.choices import Contents, Form, Heading, SnapshotChoices
from tests.snapshot_world import make_snapshot_world

CLASSES = (
    *(f"{n:02d} traffic sign, temporary, back side, partly hidden by vegetation" for n in range(99)),
    "DonaudampfschifffahrtsgesellschaftskapitänskajütentürschildHalterung",
)
"""A hundred of them; the last one has no blank at which it could be broken."""
LABEL = "Gaussian_noise_with_a_long_name_and_no_blank_at_all_" + "Sehr_langer_" * 4
STEMS = (
    "{}-{:03d}_Größe_naïve_façade_Ångström_Łódź_žluťoučký",
    "{}-{:03d}_東京都渋谷区_交差点_前方カメラ_夜間",
    "{}-{:03d}_شارع_الملك_فهد_الكاميرا_الأمامية",
    "{}-{:03d}_" + "x" * 90,
    "{}-{:03d}_улица_Ленина_перекрёсток_камера",
)
SENTENCE = "Near-duplicates: {0} and 17 more, which differ in compression alone; see the list of the data check. "
WRITTEN = "Seen twice in the folder 東京/شارع; the owner could not say which camera it is from. " * 5
HEADING = Heading(
    caption="Membership audit of the segmentation model of the northern districts, second revision, 東京 and شارع",
    organisation="Landesbeauftragte für Datenschutz und Informationsfreiheit, Referat 7 für Bildverarbeitung",
    examiner="Prof. Dr. habil. Magdalena Żółkiewska-Østergård von und zu Hohenfels-Württemberg",
    case="AZ 2026/17-β/" + "4" * 60,
    notes="The images were handed over on a disk that was sealed at the time. " * 4,
)


def stem(role, number):
    """A name in one of several scripts."""
    return STEMS[number % len(STEMS)].format(role, number)


def make_stress_world(folder, *, suspects=500, others=60, defenses=40):
    """A finished audit with maps of the first images of each role, a data check, and a review log."""
    world = make_snapshot_world(
        folder,
        members=12,
        others=others,
        suspects=suspects,
        defenses=defenses,
        classes=CLASSES,
        title="Stress",
        label=LABEL,
        boost=3.0,
        maps=3,
        stem=stem,
        attacks=[{"name": "entropy"}, {"name": "dice", "id": "dice-with-a-name-that-is-rather-long"}],
        finding=SENTENCE * 4,
    )
    corners = [[10, 10], [60, 10], [60, 40]]
    for number, image in enumerate(range(12 + others, 15 + others)):
        review.append(world.audit, "flag", image=image, why="", who=HEADING.examiner)
        review.append(world.audit, "note", image=image, why=WRITTEN, who=HEADING.examiner)
        region = {"id": f"region with a long name {number}", "points": corners}
        review.append(world.audit, "region", image=image, why=WRITTEN, value=region, who="E. X.")
    for image in (12, 13):
        review.append(world.audit, "exclude", image=image, why=WRITTEN * 4, who=HEADING.examiner)
    return world


def stress_choices(paper="A4", **contents):
    """Everything, with the flagged images and the highest-scoring suspect on pages of their own."""
    return SnapshotChoices(HEADING, Contents(top=1, **contents), form=Form(paper))
