"""What tests of trained references share: a folder of small images, and jobs that train on them in seconds."""

from dataclasses import replace

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.engine.jobs import ImagesAsked, TrainReferences
from core.training.settings import TargetTraining
from tests.world import write_images, write_scheme

TINY = TargetTraining(architecture="smp:FPN", encoder="tu-mobilenetv3_small_050", size=(32, 32), epochs=1, batch=2)
LONG = replace(TINY, epochs=2000)
"""Nobody waits for its end."""


def write_world(folder, street_like, members=4, others=4):
    """Two folders of labelled images and their class scheme."""
    write_images(folder / "members", street_like, members, 1)
    write_images(folder / "others", street_like, others, 50)
    write_scheme(folder / "scheme.toml")
    return folder


def asked(folder, **more):
    entries = (ImagesEntry(Role.MEMBER, "members"), ImagesEntry(Role.NON_MEMBER, "others"))
    return ImagesAsked(entries, str(folder / "scheme.toml"), folder, **more)


def job(folder, out, settings=TINY, count=2):
    return TrainReferences(asked(folder), settings, count, out, device="cpu")
