"""Environment variables from outside change no result."""

from tests.small_project import Project, retrain

SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
}


def test_settings_from_outside_give_the_same_weights(project: Project) -> None:
    before = project.outputs()
    retrain(project)
    project.environment |= SETTINGS

    project.run("dvc", "repro")

    assert project.outputs() == before


def test_going_back_to_an_earlier_recipe_trains_nothing(project: Project) -> None:
    before = project.outputs()
    params = project.folder / "params.yaml"
    text = params.read_text()
    assert "epochs: 6\n" in text
    params.write_text(text.replace("epochs: 6\n", "epochs: 1\n"))
    output = project.run("dvc", "repro", "train", "retrain")
    assert output.count("> python -m stages train ") == 2
    assert project.outputs() != before

    params.write_text(text)
    output = project.run("dvc", "repro")

    assert "Stage 'train' is cached" in output
    assert "> python -m stages train " not in output
    assert "Stage 'retrain' is cached" in output
    assert project.outputs() == before
