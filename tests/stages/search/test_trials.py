import pickle
from pathlib import Path

from stages.params.file import read_params
from stages.params.machine import Machine
from stages.search.trials import Study, Trial


def test_what_is_sent_to_a_worker_arrives_as_it_was(
    small_params: Path, machine: Machine, tmp_path: Path
) -> None:
    study = Study(tmp_path / "arrays", tmp_path / "scores", machine, classes=10, folds=2, seed=1)
    trial = Trial(read_params(small_params).recipes["fast"], fold=1, images=100)

    assert pickle.loads(pickle.dumps((study, trial))) == (study, trial)  # noqa: S301 - our own
