from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.distributions import Categorical, kl_divergence

from core.errors import Cancelled, DataError, SpecError, TargetError
from core.files import sha256_of_file
from core.progress import Progress
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.training.hardening import HARDENINGS, distillation_method
from core.training.hardening.distillation_method import divergence
from core.training.manifest import TrainingManifest, read_manifest, write_manifest
from core.training.method import cross_entropy
from core.training.resume import Resume
from core.training.settings import TargetTraining
from core.training.target import recorded_settings, train_target
from tests.training_world import SCHEME, TINY, InMemory, fit_of, write_street

VOID = 255


def conv(seed, classes=4):
    torch.manual_seed(seed)
    return nn.Conv2d(3, classes, 3, padding=1)


def images(seed, name="image", count=4):
    """Noise with label maps that have nothing to do with it."""
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 3, 16, 16), generator=draws, dtype=torch.uint8)
    return InMemory(pixels, torch.randint(0, 4, (count, 16, 16), generator=draws, dtype=torch.uint8), name)


@pytest.fixture
def method(monkeypatch):
    """A function that makes the method of a student under a given teacher, without files."""

    def make(teacher, student, references=None, learning_rate=0.05, **options):
        teacher.eval().requires_grad_(False)
        opened = SimpleNamespace(info=SimpleNamespace(classes=4, sha256="0" * 64), module=lambda: teacher)
        monkeypatch.setattr(distillation_method, "open_target", lambda path, device: opened)
        fit = fit_of(student, images(1), references, learning_rate=learning_rate, weight_decay=0, epochs=200)
        return HARDENINGS.make({"name": "distillation", "teacher": "none.safetensors", **options}).method(fit)

    return make


# ---------------------------------------------------------------- what the student learns


def test_the_divergence_is_that_of_softened_posteriors():
    torch.manual_seed(0)
    taught, logits = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 3, 4)
    last = [values.movedim(1, -1) / 2.5 for values in (taught, logits)]
    by_torch = kl_divergence(Categorical(logits=last[0]), Categorical(logits=last[1])).mean()
    assert divergence(taught, logits, 2.5).item() == pytest.approx(2.5**2 * by_torch.item(), rel=1e-5)
    assert divergence(taught, taught, 2.5).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("references", [None, images(2, "reference")])
def test_a_student_comes_to_answer_as_its_teacher_does(method, references):
    teacher, student = conv(5), conv(6)
    made = method(teacher, student, references, weight=1.0, temperature=3.0)
    losses = [made.step([0, 1, 2, 3]) for _ in range(100)]
    assert losses[0] > 0.1
    assert losses[-1] < 1e-3
    unseen = torch.randn(2, 3, 16, 16)
    assert (teacher(unseen).argmax(1) == student(unseen).argmax(1)).float().mean() > 0.97


def test_label_maps_of_references_are_never_used(method):
    first, second = images(2, "reference"), images(2, "reference")
    second.labels = 3 - second.labels
    students = [conv(6), conv(6)]
    for references, student in zip((first, second), students, strict=True):
        made = method(conv(5), student, references, weight=0.0)
        assert (made.batch([0, 1])[1] == VOID).all()
        for batch in made.batches():
            made.step(batch)
    assert torch.equal(students[0].weight, students[1].weight)
    assert not torch.equal(students[0].weight, conv(6).weight)


def test_with_references_no_member_is_looked_at(method, monkeypatch):
    references = images(2, "reference", count=21)
    made = method(conv(5), conv(6), references)
    monkeypatch.setattr(made.fit.images, "batch", lambda indices: pytest.fail("a member was read"))
    assert made.steps_of_epoch() == 3
    assert sorted(i for batch in made.batches() for i in batch) == list(range(21))
    made.step([20, 4])
    assert made.report() == {"teacher": "0" * 64, "learned_from": "references", "images": 21}


def test_without_references_the_weight_mixes_teacher_and_label_maps(method):
    teacher, student = conv(5), conv(6)
    made = method(teacher, student, weight=0.25, temperature=2.0)
    inputs, labels = made.batch([0, 1, 2])
    labels[:, :4] = VOID
    soft, hard = divergence(teacher(inputs), student(inputs), 2.0), cross_entropy(student(inputs), labels)
    assert made.loss(inputs, labels).item() == pytest.approx((0.25 * soft + 0.75 * hard).item(), rel=1e-6)
    assert made.report()["learned_from"] == "members"


def test_the_teacher_itself_does_not_change(method):
    teacher = nn.Sequential(conv(5), nn.BatchNorm2d(4))
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    made = method(teacher, conv(6))
    made.fit.model.train()
    made.step([0, 1])
    assert all(torch.equal(before[k], v) for k, v in teacher.state_dict().items())


# ---------------------------------------------------------------- the teacher's file


@pytest.fixture
def street(tmp_path, street_like):
    return write_street(tmp_path / "members", street_like, 3)


@pytest.fixture
def teacher(tmp_path, street):
    """A function that writes an untrained teacher and its list of training images, the members if none are given."""

    def write(members=None, classes=4, size=TINY.size, seed=0, others=()):
        torch.manual_seed(seed)
        path = tmp_path / "teacher.safetensors"
        save_target(
            path,
            build(TINY.architecture, "", classes),
            TINY.architecture,
            "",
            classes,
            {},
            TargetTraining(size=size).preprocessing,
            "street4",
        )
        listed = tuple(sha256_of_file(s.image) for s in street.samples) if members is None else members
        write_manifest(path, TrainingManifest("target", sha256_of_file(path), listed, others=others))
        return HARDENINGS.make({"name": "distillation", "teacher": str(path)})

    return write


def test_images_that_shaped_the_teacher_are_named_in_the_students_list(teacher, street, tmp_path):
    settings = TargetTraining(**{**vars(TINY), "epochs": 1})
    out = tmp_path / "student.safetensors"
    result = train_target([street], SCHEME, settings, out, hardening=teacher(others=("a" * 64,)))
    manifest = read_manifest(out)
    assert manifest.members == tuple(sha256_of_file(s.image) for s in street.samples)
    assert manifest.others == ("a" * 64,)
    assert result.report["teacher"] == sha256_of_file(tmp_path / "teacher.safetensors")


def test_no_path_of_the_machine_gets_into_the_list(teacher, tmp_path):
    settings = TargetTraining(start=str(tmp_path / "first.safetensors"))
    kept = recorded_settings(settings, teacher())
    assert (kept["start"], kept["hardening"]["teacher"]) == ("first.safetensors", "teacher.safetensors")
    assert str(tmp_path) not in str(kept)


@pytest.mark.parametrize("change", ["one more", "one less"])
def test_a_teacher_of_other_images_is_refused(change, teacher, street, tmp_path):
    members = [sha256_of_file(s.image) for s in street.samples]
    listed = (*members, "b" * 64) if change == "one more" else members[1:]
    words = "1 of its 4 are missing" if change == "one more" else "1 of the 3 members are none of its"
    with pytest.raises(DataError, match=rf"teacher\.safetensors.*{words}.*exactly the teacher's"):
        train_target([street], SCHEME, TINY, tmp_path / "s.safetensors", hardening=teacher(members=tuple(listed)))


def test_a_teacher_without_a_list_is_taken_at_its_owners_word(teacher, street, tmp_path):
    hardening = teacher()
    (tmp_path / "teacher.safetensors.training.json").unlink()
    settings = TargetTraining(**{**vars(TINY), "epochs": 1})
    assert train_target([street], SCHEME, settings, tmp_path / "s.safetensors", hardening=hardening).losses


def test_a_teacher_that_sees_images_at_another_size_is_refused(teacher, street, tmp_path):
    with pytest.raises(SpecError, match=r"resize=\[96, 64\].*Train both at one size"):
        train_target([street], SCHEME, TINY, tmp_path / "s.safetensors", hardening=teacher(size=(96, 64)))


def test_a_teacher_of_other_classes_is_refused(teacher, street, tmp_path):
    with pytest.raises(TargetError, match="knows 7 classes, the class scheme 4"):
        train_target([street], SCHEME, TINY, tmp_path / "s.safetensors", hardening=teacher(classes=7))


@pytest.mark.parametrize("name", ["nothing.safetensors", "", "text.safetensors"])
def test_a_file_that_is_no_teacher_is_refused_before_images_are_read(name, street, tmp_path):
    (tmp_path / "text.safetensors").write_text("no weights")
    hardening = HARDENINGS.make({"name": "distillation", "teacher": name and str(tmp_path / name)})
    stages = []
    with pytest.raises(SpecError, match="is no target checkpoint"):
        train_target(
            [street],
            SCHEME,
            TINY,
            tmp_path / "s.safetensors",
            hardening=hardening,
            progress=Progress(lambda p: stages.append(p.stage)),
        )
    assert not stages


def test_a_stopped_student_does_not_go_on_under_another_teacher(teacher, street, tmp_path, monkeypatch):
    monkeypatch.setattr(Resume, "due", True)

    def messages_until(last, hardening):
        messages = []

        def listen(progress):
            messages.append(progress.message)
            if progress.message.startswith(last):
                progress.cancel()

        with pytest.raises(Cancelled):
            train_target(
                [street], SCHEME, TINY, tmp_path / "s.safetensors", hardening=hardening, progress=Progress(listen)
            )
        return messages

    assert "going on after epoch 1" not in messages_until("epoch 2/", teacher(seed=0))
    assert "going on after epoch 1" in messages_until("epoch 2/", teacher(seed=0))
    assert "going on after epoch 1" not in messages_until("epoch 1/", teacher(seed=1))
