import errno
import hashlib
import json
import threading
import warnings

import numpy as np
import pytest
import torch
from torch.export import Dim

from core.errors import TargetError, TrustNeededError
from core.targets.formats import FORMATS
from core.targets.open import open_target, recognised_format
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing
from core.targets.torchscript import InputShape
from core.targets.trust import TrustStore, checked_sha256, default_path

PLAIN = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), divide=255.0)
DIGEST = "ab" * 32


class Net(torch.nn.Module):
    def __init__(self, outputs="tensor", dtype=torch.float32):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.drop = torch.nn.Dropout(0.5)
        self.outputs = outputs
        self.dtype = dtype

    def forward(self, x):
        found = self.drop(self.conv(x.to(torch.float32)))
        return {"aux": found[:, :1], "out": found} if self.outputs == "dict" else found


def scripted(path, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Net(**settings).eval(), torch.zeros(1, 3, 8, 8), strict=False), path)
    return path


def exported(path, shape=(2, 3, 8, 12), dynamic=None, dtype=torch.float32, **settings):
    program = torch.export.export(Net(**settings).eval(), (torch.zeros(shape, dtype=dtype),), dynamic_shapes=dynamic)
    torch.export.save(program, path)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def opened(path, **settings):
    return open_target(path, preprocessing=settings.pop("preprocessing", PLAIN), trusted={digest(path)}, **settings)


@pytest.fixture
def batch():
    return torch.rand(5, 3, 8, 12, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)


def expected(batch):
    with torch.no_grad():
        return Net().conv(batch)


@pytest.mark.parametrize(("make", "name", "kind"), [(scripted, "m.pt", "torchscript"), (exported, "m.pt2", "exported")])
def test_code_is_not_opened_without_consent_to_its_very_bytes(tmp_path, monkeypatch, make, name, kind):
    path = make(tmp_path / name)
    for loader in ("torch.jit.load", "torch.export.load", "torch.load"):
        monkeypatch.setattr(loader, lambda *_, **__: pytest.fail("the file was opened"))
    with pytest.raises(TrustNeededError) as caught:
        open_target(path, trusted={DIGEST})
    assert caught.value.sha256 == digest(path)
    assert name in caught.value.message and digest(path) in caught.value.message
    assert f"--trust {digest(path)}" in caught.value.remedy
    assert f'trust = "{digest(path)}"' in caught.value.remedy
    assert recognised_format(path)[0].name == kind


@pytest.mark.parametrize("make", [scripted, exported])
def test_the_bytes_that_were_hashed_are_the_bytes_that_are_opened(tmp_path, make, batch):
    path = tmp_path / ("m.pt" if make is scripted else "m.pt2")
    make(path)
    good = path.read_bytes()

    def swap_after_asking(sha256):
        path.write_bytes(b"something else")
        return sha256 == hashlib.sha256(good).hexdigest()

    target = open_target(path, preprocessing=PLAIN, trusted=swap_after_asking)
    torch.testing.assert_close(target.forward(batch), expected(batch))
    assert target.info.sha256 == hashlib.sha256(good).hexdigest()


def test_torchscript_gives_the_posteriors_of_the_module_it_was_made_from(tmp_path, image):
    target = opened(scripted(tmp_path / "m.pt", outputs="dict"), options=TargetOptions(classes=4))
    logits = expected(torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)))
    np.testing.assert_allclose(target.posteriors([image])[0], logits.softmax(1)[0].numpy(), atol=1e-6)
    assert target.info.runs_code


def test_torchscript_gives_the_same_bytes_at_every_run(tmp_path, batch):
    target = opened(scripted(tmp_path / "m.pt"))
    runs = [target.forward(batch).numpy().tobytes() for _ in range(4)]
    assert len(set(runs)) == 1


def test_a_file_without_a_telling_name_is_recognised_by_its_contents(tmp_path):
    assert recognised_format(scripted(tmp_path / "weights.pth"))[0].name == "torchscript"
    assert recognised_format(exported(tmp_path / "program.pt2").rename(tmp_path / "x.pth"))[0].name == "exported"


def test_a_failure_inside_the_program_names_the_file(tmp_path):
    with pytest.raises(TargetError, match=r"m\.pt: the model failed"):
        opened(scripted(tmp_path / "m.pt")).forward(torch.zeros(1, 5, 8, 8))


@pytest.mark.parametrize("make", [scripted, exported])
def test_layers_of_a_program_cannot_be_changed(tmp_path, make):
    with pytest.raises(TargetError, match="cannot be changed from outside"):
        opened(make(tmp_path / ("m.pt" if make is scripted else "m.pt2"))).module()


def test_an_exported_program_with_a_fixed_shape_is_looped_over_and_resized_to(tmp_path, batch):
    target = opened(exported(tmp_path / "m.pt2"))
    torch.testing.assert_close(target.forward(batch), expected(batch))
    assert target.preprocessing.resize == (8, 12)
    assert target.posteriors([np.zeros((30, 20, 3), np.uint8)])[0].shape == (4, 30, 20)


def test_an_exported_program_with_free_dimensions_takes_any_size(tmp_path, batch):
    free = ({0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO},)
    target = opened(exported(tmp_path / "m.pt2", dynamic=free))
    assert target.preprocessing.resize is None
    for part in (batch, batch[:2, :, :4, :7]):
        torch.testing.assert_close(target.forward(part), expected(part))


def test_the_parts_of_a_fixed_batch_are_joined_inside_a_dict(tmp_path, batch):
    found = opened(exported(tmp_path / "m.pt2", outputs="dict")).forward(batch)
    torch.testing.assert_close(found["out"], expected(batch))
    assert found["aux"].shape == (5, 1, 8, 12)


def test_an_exported_program_of_bytes_gets_the_pixels_as_they_are(tmp_path, image):
    target = opened(exported(tmp_path / "m.pt2", dtype=torch.uint8), preprocessing=None)
    logits = expected(torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32)))
    np.testing.assert_allclose(target.outputs([image])[0].values.numpy(), logits[0].numpy(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1, 3, 8, 12), InputShape(1, 8, 12)),
        (("n", 3, "h", "w"), InputShape(None, None, None)),
        (("n", None, None, None), InputShape(None, None, None)),
        ((1, 8, 12, 3), InputShape(1, 8, 12, channel_last=True)),
        ((-1, -1, -1, 3), InputShape(None, None, None, channel_last=True)),
        ((3, 3, 3, 3), InputShape(3, 3, 3)),
    ],
)
def test_declared_shapes_are_read_as_images(shape, wanted):
    assert InputShape.of(shape, "m") == wanted


@pytest.mark.parametrize("shape", [(), (3, 8, 8), (1, 1, 8, 8), (1, 8, 8, 4), (1, 2, 3, 8, 8)])
def test_other_shapes_are_refused_naming_the_file(shape):
    with pytest.raises(TargetError, match=r"m\.onnx.*not a batch of RGB images"):
        InputShape.of(shape, "m.onnx")


def test_both_formats_are_registered():
    assert {"torchscript", "exported", "onnx", "transformers"} <= set(FORMATS.names())


def test_a_store_remembers_consents_across_instances(tmp_path):
    path = tmp_path / "deep" / "trust.json"
    assert TrustStore(path).entries() == [] and not TrustStore(path).is_trusted(DIGEST)
    TrustStore(path).trust(DIGEST.upper(), "Modell ä.pt")
    TrustStore(path).trust(DIGEST, "again.pt")
    (entry,) = TrustStore(path).entries()
    assert (entry.sha256, entry.file) == (DIGEST, "Modell ä.pt") and entry.when.endswith("+00:00")
    assert TrustStore(path).is_trusted(DIGEST) and not TrustStore(path).is_trusted("0" * 64)


def test_a_revoked_consent_is_gone_and_the_others_stay(tmp_path):
    store = TrustStore(tmp_path / "trust.json")
    for number in "123":
        store.trust(number * 64, f"{number}.pt")
    assert store.revoke("2" * 64) and not store.revoke("2" * 64)
    assert [entry.file for entry in store.entries()] == ["1.pt", "3.pt"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"trusted": 1}', '{"trusted": [{}]}', '{"trusted": [{"sha256": 3}]}', "[" * 100_000]
)
def test_a_broken_store_is_an_error_and_trusts_nothing(tmp_path, text):
    path = tmp_path / "trust.json"
    path.write_text(text)
    with pytest.raises(TargetError, match=r"trust\.json"):
        TrustStore(path).is_trusted(DIGEST)


@pytest.mark.parametrize("text", ["", "abc", DIGEST[:-1], DIGEST + "0", "g" * 64, "../" * 22])
def test_what_is_no_sha256_cannot_be_trusted(tmp_path, text):
    with pytest.raises(TargetError, match="SHA-256"):
        checked_sha256(text)
    with pytest.raises(TargetError, match="SHA-256"):
        TrustStore(tmp_path / "t.json").trust(text, "m.pt")
    assert not (tmp_path / "t.json").exists()


def test_the_store_lies_in_the_folder_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path))
    assert TrustStore().path == default_path() == tmp_path / "config" / "trust.json"
    monkeypatch.delenv("SEGLEAK_HOME")
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name, **_: str(tmp_path / name))
    assert default_path() == tmp_path / "segleak" / "trust.json"


def test_readers_never_see_half_a_store(tmp_path):
    store = TrustStore(tmp_path / "trust.json")
    store.trust(DIGEST, "m.pt")
    done, seen = threading.Event(), []

    def read():
        while not done.is_set():
            seen.append(json.loads(store.path.read_text(encoding="utf-8"))["trusted"][0]["sha256"])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        store.trust(f"{number:064x}", "m.pt")
    done.set()
    reader.join()
    assert set(seen) == {DIGEST} and len(store.entries()) == 21


def test_a_store_that_cannot_be_written_says_what_to_do_instead(tmp_path, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.targets.trust.write_text", full)
    with pytest.raises(TargetError, match=r"trust\.json.*No space left.*--trust"):
        TrustStore(tmp_path / "trust.json").trust(DIGEST, "m.pt")
