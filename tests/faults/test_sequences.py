"""Hypothesis runs, disturbs, cleans and promotes a pipeline in orders of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipelines.dvc.lock_record import lock_in
from pipelines.dvc.objects import object_path
from tests.damage import many_examples
from tests.helpers import LONG, ROOT, Done, flip_bit, md5, pipelines
from tests.pipelines.repositories import isolate, make_gated, run
from tests.small_mnist import yaml
from tests.small_project import Project

Record = Callable[[str, object], None]

SEQUENCES, STEPS = (40, 16) if LONG else (4, 8)
WRONG = st.sampled_from([10, 40, 50, 65, 300])
"""Numbers of wrong answers: the gate blocks the last, and the others by what was promoted."""


def make_pipeline(folder: Path) -> None:
    """Make a pipeline of two quick stages, whose parameters are of this project's form."""
    make_gated(folder)
    gated = yaml.load(folder / "params.yaml")
    params = yaml.load(ROOT / "params.yaml")
    pets = params["datasets"]["mnist"] | {"title": "Pets", "classes": ["cat", "dog"]}
    pets["lookalikes"] = {"of": "cat", "resembling": "dog"}
    pets["expectations"] |= {"class_share_minimum": 0, "class_share_maximum": 1}
    pets["gate"] = gated["datasets"]["pets"]["gate"]
    params |= {"dataset": "pets", "datasets": {"pets": pets}, "gate": gated["gate"]}
    yaml.dump(params, folder / "params.yaml")
    # The seed is the number of wrong answers here.
    for name, old, new in (
        ("dvc.yaml", "wrong,", "recipes.fast.seed,"),
        ("evaluate.py", '["wrong"]', '["recipes"]["fast"]["seed"]'),
    ):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))


def set_wrong(folder: Path, wrong: int) -> None:
    params = yaml.load(folder / "params.yaml")
    params["recipes"]["fast"]["seed"] = wrong
    yaml.dump(params, folder / "params.yaml")


@cache
def undisturbed(wrong: int) -> Mapping[str, bytes]:
    """What the pipeline writes when nothing disturbs it, and DVC does not run it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "gated")
        make_pipeline(folder)
        set_wrong(folder, wrong)
        run(folder, sys.executable, "evaluate.py")
        files = [folder / "model.txt", *(folder / "reports").iterdir()]
        return {str(file.relative_to(folder)): file.read_bytes() for file in files}


class Sequence(RuleBasedStateMachine):
    """A repository, and what can be done to it."""

    steps = 0

    @initialize(wrong=WRONG)
    def begin(self, wrong: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sequence-"))
        self.folder = self.root / "gated"
        make_pipeline(self.folder)
        self.project = Project(self.folder, self.root / "site")
        self.commits = list[str]()
        self.wrong = wrong
        set_wrong(self.folder, wrong)
        self.run_all()
        self.commit()

    def call(self, *arguments: str) -> Done:
        """Run a command, which ends well or with one sentence, and leaves nothing behind."""
        type(self).steps += 1
        done = pipelines(self.folder, *arguments)
        errors = done.err.splitlines()
        assert "Traceback" not in done.err
        assert done.code != 1 or [line[:7] for line in errors].count("error: ") == 1, done
        assert self.project.leftovers() == []
        return done

    def commit(self) -> None:
        run(self.folder, "git", "add", "--all")
        run(self.folder, "git", "commit", "--quiet", "--allow-empty", "-m", "Run")
        self.commits.append(run(self.folder, "git", "rev-parse", "HEAD"))

    def objects(self) -> list[Path]:
        """The objects of DVC's cache that dvc.lock names."""
        cache = self.folder / ".dvc" / "cache"
        outs = lock_in(self.folder)["stages"]["evaluate"]["outs"]
        cached = [out for out in outs if out["path"] in {"model.txt", "reports/predictions.csv"}]
        return [object_path(cache, out["md5"]) for out in cached]

    @rule(wrong=WRONG)
    def edit(self, wrong: int) -> None:
        self.wrong = wrong
        set_wrong(self.folder, wrong)

    @rule()
    def run_all(self) -> None:
        done = self.call("repro")
        assert done.code == 0, done
        for name, content in undisturbed(self.wrong).items():
            assert (self.folder / name).read_bytes() == content, name
        outs = lock_in(self.folder)["stages"]["evaluate"]["outs"]
        for out in outs:
            assert md5((self.folder / out["path"]).read_bytes()) == out["md5"], out
        for place in self.objects():
            assert md5(place.read_bytes()) == place.parent.name + place.name

    @rule(tenths=st.integers(0, 25))
    def kill(self, tenths: int) -> None:
        """Kill a run, and all that it started, some time after its start."""
        with subprocess.Popen(
            [sys.executable, "-m", "pipelines", "repro"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(tenths / 10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    @rule(data=st.data())
    def damage_object(self, data: st.DataObject) -> None:
        places = [place for place in self.objects() if place.exists()]
        if places:
            flip_bit(data.draw(st.sampled_from(places)))

    @rule(name=st.sampled_from(["model.txt", "reports/metrics.json", "reports/predictions.csv"]))
    def damage_output(self, name: str) -> None:
        if (self.folder / name).exists():
            flip_bit(self.folder / name)

    @rule(name=st.sampled_from(["model.txt", "reports/metrics.json", ".dvc/cache/runs"]))
    def remove(self, name: str) -> None:
        path = self.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    @rule()
    def gc(self) -> None:
        assert self.call("gc", "--force", "--runs", "0").code == 0

    @rule()
    def fsck(self) -> None:
        done = self.call("fsck")
        assert done.code in {0, 3}, done
        # What is left in the cache is whole.
        for place in self.objects():
            assert not place.exists() or md5(place.read_bytes()) == place.parent.name + place.name

    @rule()
    def promote(self) -> None:
        self.run_all()
        gate = self.call("gate")
        assert gate.code in {0, 3}, gate
        self.commit()
        done = self.call("promote")
        # A gate that blocks prevents it.
        assert (done.code == 0) == (gate.code == 0), (gate, done)

    @rule()
    def rollback(self) -> None:
        assert self.call("rollback").code in {0, 1}

    @precondition(lambda self: len(self.commits) > 1)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        commit = data.draw(st.sampled_from(self.commits))
        run(self.folder, "git", "checkout", "--quiet", commit, "--", ".")
        self.wrong = yaml.load(self.folder / "params.yaml")["recipes"]["fast"]["seed"]

    def teardown(self) -> None:
        if hasattr(self, "root"):
            self.run_all()
            shutil.rmtree(self.root)


# DVC's own code, which is no error in a process of its own.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_whatever_happens_the_next_run_has_the_undisturbed_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    isolate(monkeypatch, tmp_path)
    run_state_machine_as_test(
        Sequence,
        settings=settings(many_examples, max_examples=SEQUENCES, stateful_step_count=STEPS),
    )
    record_property("cases", Sequence.steps)
