"""What the target predicts on the image pages, asked in this process."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.errors import SpecError
from core.progress import Progress
from core.snapshot.asking import asked, later
from core.snapshot.blocks import Facts, Picture, PictureRow
from core.snapshot.choices import Contents, Privacy, SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.prediction import LATER, Prediction
from core.snapshot.record import record_of
from core.snapshot.sections import blocks_of
from core.targets.open import open_target
from tests.world import make_world

CHOICES = SnapshotChoices(contents=Contents(("images",), top=2, picked=(0, 5)))


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGLEAK_HOME", str(tmp_path_factory.mktemp("home")))
        made = make_world(tmp_path_factory.mktemp("predicted"), street_like, members=2, non_members=2, suspects=2)
        run = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}
        spec = read_spec(made.write_spec(defenses=[{"name": "none"}], run=run))
        run_audit(spec, made.folder / "small.segleak", RunOptions(device="cpu"))
        yield made


@pytest.fixture
def own(world, tmp_path):
    """A copy whose files may be spoiled."""
    shutil.copytree(world.folder, tmp_path / "own")
    return tmp_path / "own"


def audit_of(folder):
    return folder / "small.segleak"


def made(audit, choices=CHOICES, predict=asked):
    with opened(audit, choices) as content:
        content.pictures.predictions = predict(content, Progress())
        blocks = blocks_of(content, record_of(content), Progress())
        loaded = [p.load() for p in pictures_of(blocks)]
        return content, blocks, loaded


def pictures_of(blocks):
    rows = [block.pictures for block in blocks if isinstance(block, PictureRow)]
    return [p for row in rows for p in row if isinstance(p, Picture) and p.caption.startswith("Prediction")]


def told(blocks):
    return [value for b in blocks if isinstance(b, Facts) for name, value in b.rows if name == "Prediction"]


def test_the_prediction_is_what_the_target_gives_at_each_point(world):
    content, _, _ = made(audit_of(world.folder))
    target = open_target(world.target, device="cpu")
    assert set(content.pictures.predictions) == {0, 4, 5}
    for image, known in content.pictures.predictions.items():
        pixels = np.asarray(Image.open(content.rows[image].path).convert("RGB"))
        (output,) = target.outputs([pixels])
        values = output.values.float().numpy()[:, : pixels.shape[0], : pixels.shape[1]]
        best = np.sort(values, axis=0)
        clear = best[-1] - best[-2] > 0.05  # the cache rounds
        assert clear.mean() > 0.5
        assert np.array_equal(known.classes[clear], values.argmax(axis=0)[clear])


def test_the_page_says_how_well_it_fits_the_label_map(world):
    content, blocks, _ = made(audit_of(world.folder))
    label = np.asarray(Image.open(content.rows[0].label_path))
    classes = content.pictures.predictions[0].classes
    agreement = (classes == label)[label != 255].mean()
    assert told(blocks)[0].startswith(f"the label's class at {100 * agreement:.3g}\u00a0% of the points")
    assert "mean posterior" in told(blocks)[0]


def test_an_image_without_a_label_map_has_a_prediction_all_the_same(world):
    content, _, _ = made(audit_of(world.folder))
    assert content.rows[5].label_path is None
    known = content.pictures.predictions[5]
    assert known.classes is not None and known.probability is None
    assert content.pictures.agreement(5) is None


def test_the_picture_has_the_colours_of_the_classes(world):
    content, _, loaded = made(audit_of(world.folder))
    classes = content.pictures.predictions[content.pages[0]].classes
    assert np.array_equal(loaded[0].pixels, content.pictures.scheme.colours[classes])


@pytest.mark.parametrize("pictures", ["blur", "omit"])
def test_predictions_are_shown_where_images_are_not_as_label_maps_are(world, pictures):
    choices = SnapshotChoices(contents=CHOICES.contents, privacy=Privacy(redact=True, pictures=pictures))
    _, _, loaded = made(audit_of(world.folder), choices)
    assert len(loaded) == 3 and all(raster.pixels is not None for raster in loaded)


def test_predictions_may_be_left_out_and_then_nobody_asks(own):
    (own / "target.safetensors").unlink()
    choices = SnapshotChoices(contents=Contents(("images",), top=2, predictions=False))
    content, blocks, loaded = made(audit_of(own), choices)
    assert (content.to_predict, told(blocks), loaded) == ((), [], [])


def test_a_missing_target_is_told_on_the_page(own):
    (own / "target.safetensors").unlink()
    _, blocks, loaded = made(audit_of(own))
    assert not loaded
    assert all(
        text.startswith("none: ") and "target.safetensors: there is no such file" in text for text in told(blocks)
    )


def test_another_target_in_its_place_is_not_asked(own):
    shutil.copy(own / "attack.safetensors", own / "target.safetensors")
    _, blocks, _ = made(audit_of(own))
    assert all("is not the file that was audited" in text for text in told(blocks))


def test_a_missing_image_keeps_its_own_page_from_a_prediction_only(world, monkeypatch, tmp_path):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "nothing cached"))
    lost = world.folder / "suspects" / "00.png"
    shutil.move(lost, tmp_path / "lost.png")
    content, _, _ = made(audit_of(world.folder))
    shutil.move(tmp_path / "lost.png", lost)
    reasons = {image: known.reason for image, known in content.pictures.predictions.items()}
    assert "00.png" in reasons[4] and reasons[0] == reasons[5] == ""


def test_a_redacted_page_gives_the_reason_without_the_path(own):
    (own / "target.safetensors").unlink()
    choices = SnapshotChoices(contents=CHOICES.contents, privacy=Privacy(redact=True))
    _, blocks, _ = made(audit_of(own), choices)
    assert all(
        text.startswith("none: ") and "safetensors" not in text and str(own) not in text for text in told(blocks)
    )


def test_before_it_is_written_the_page_keeps_the_place(world):
    _, blocks, loaded = made(audit_of(world.folder), predict=later)
    assert told(blocks) == [LATER] * 3
    assert [raster.pixels for raster in loaded] == [None] * 3
    assert all(picture.note == LATER for picture in pictures_of(blocks))


def test_the_record_says_whether_there_are_predictions(world):
    with opened(audit_of(world.folder), CHOICES) as content:
        assert json.loads(record_of(content).document)["choices"]["contents"]["predictions"] is True


def test_lack_of_memory_is_told_and_what_was_found_is_kept(world, monkeypatch):
    from core.engine.jobs import Observe

    real = Observe.run

    def run(self, desk):
        if self.image == 5:
            raise MemoryError
        return real(self, desk)

    monkeypatch.setattr(Observe, "run", run)
    content, _, _ = made(audit_of(world.folder))
    known = content.pictures.predictions
    assert isinstance(known[5], Prediction) and "memory" in known[5].reason
    assert known[content.pages[0]].classes is not None


def test_the_target_is_asked_on_the_device_that_is_named(world, monkeypatch):
    from core.engine.jobs import Observe

    used = []
    monkeypatch.setattr(
        Observe, "run", lambda self, desk: used.append(self.device) or (_ for _ in ()).throw(MemoryError)
    )
    with opened(audit_of(world.folder), CHOICES) as content:
        asked(content, Progress(), "cpu")
    assert used == ["cpu"]


@pytest.mark.parametrize("device", ["tpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_before_anything_is_asked(world, device):
    with opened(audit_of(world.folder), CHOICES) as content, pytest.raises(SpecError, match=device):
        asked(content, Progress(), device)
