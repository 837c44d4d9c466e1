"""Scoring an audit again, without an engine process."""

import numpy as np
import pytest

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.defenses.chain import Chain
from core.engine.jobs import Rescore
from core.engine.jobs.base import Desk
from core.engine.models import Models
from core.errors import Cancelled
from core.progress import Progress
from tests.world import make_world

NOISY = Chain.parse({"name": "gauss", "sigma": 0.2})
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}


@pytest.fixture
def folder(tmp_path, street_like, monkeypatch):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))
    world = make_world(tmp_path, street_like, members=4, non_members=3, suspects=1)
    run_audit(
        read_spec(world.write_spec(defenses=[{"name": "none"}], run=RUN)), tmp_path / "a.segleak", RunOptions("cpu")
    )
    return tmp_path / "a.segleak"


def stopped_after(job, steps, models):
    """What a job has sent when it is cancelled after some steps."""
    parts = []

    def listen(now):
        if now.done == steps:
            now.cancel()

    progress = Progress(listen)
    with pytest.raises(Cancelled):
        job.run(Desk(progress, models, parts.append))
    return parts[-1]


def by_image(found, attack="loss"):
    return dict(zip(found.images.tolist(), found.scores[attack].tolist(), strict=True))


def test_a_job_that_was_cancelled_goes_on_to_the_same_result(folder, monkeypatch):
    monkeypatch.setattr("core.engine.jobs.rescore.BETWEEN", -1.0)  # every image is sent at once
    models, job = Models(), Rescore(folder, NOISY, ("loss",), device="cpu")
    whole = job.run(Desk(Progress(), models, lambda _: None))
    begun = stopped_after(job, 3, models)
    assert len(begun.images) == 3
    steps = []
    rest = Rescore(folder, NOISY, ("loss",), begun=begun, device="cpu")
    found = rest.run(Desk(Progress(lambda now: steps.append(now.done)), models, lambda _: None))
    assert max(steps) == len(whole.images) - 3
    assert found.exact
    np.testing.assert_equal(by_image(found), by_image(whole))
    assert found.counted == whole.counted == {"member": 4, "non-member": 3}  # the suspect has no label map
    for role, counts in whole.confusions.items():
        np.testing.assert_array_equal(found.confusions[role], counts)
    assert begun.counted != found.counted  # what was handed over did not change under its reader


def test_what_is_not_in_the_cache_is_asked_of_the_target_and_counted(folder, tmp_path, monkeypatch):
    job = Rescore(folder, NOISY, ("loss",), device="cpu")
    assert job.run(Desk(Progress(), Models(), lambda _: None)).again == 0
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "elsewhere"))
    found = job.run(Desk(Progress(), Models(), lambda _: None))
    assert found.again == len(found.images) == 8
