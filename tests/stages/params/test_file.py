from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.params.file import read_params
from stages.shared.parameters import ParameterError

ROOT = Path(__file__).parents[3]
yaml = YAML(typ="safe")


def changed(tmp_path: Path, place: str, value: Any) -> Path:
    """Write the project's params.yaml with one value changed."""
    content = yaml.load(ROOT / "params.yaml")
    *parents, last = place.split(".")
    section = content
    for name in parents:
        section = section[int(name) if isinstance(section, list) else name]
    section[last] = value
    path = tmp_path / "params.yaml"
    yaml.dump(content, path)
    return path


def test_the_choices_give_their_data_set_and_recipe(tmp_path: Path) -> None:
    params = read_params(changed(tmp_path, "recipe", "tutorial"))

    assert params.chosen_dataset.title == "MNIST"
    assert params.recipes[params.recipe].training.epochs == 30


def test_the_tutorial_recipe_is_the_published_experiment() -> None:
    recipe = read_params(ROOT / "params.yaml").recipes["tutorial"]

    assert recipe.split.model_dump() == {"strategy": "tail", "validation_images": 10_000}
    convolution = {"kernel": 5, "padding": "VALID", "pool": 2, "pool_stride": 2}
    assert recipe.network.model_dump() == {
        "convolutions": (
            {"channels": 32, **convolution, "pool_padding": "SAME"},
            {"channels": 64, **convolution, "pool_padding": "SAME"},
        ),
        "batch_normalization": False,
        "dense_units": 1024,
        "dropout": 0.5,
        "views": 1,
        "calibration": "none",
    }
    training = recipe.training.model_dump()
    published = {
        "epochs": 30,
        "batch_size": 100,
        "shuffle": True,
        "learning_rate": 1e-4,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    }
    augmentation = training.pop("augmentation")
    assert {name: training.pop(name) for name in published} == published
    assert augmentation.pop("interpolation") == "bilinear"
    # Everything that the experiment does not have is off.
    others = {**training, **augmentation}
    assert {"warmup", "decay", "weight_decay", "averaging", "rotation", "elastic"} <= set(others)
    assert {name: value for name, value in others.items() if value not in {0, "none"}} == {}


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("recipes.fast.training.epochs", 0, "epochs must be from 1 to 10000, found 0"),
        ("recipes.fast.training.epochs", 1.5, "epochs must be a valid integer, found 1.5"),
        ("recipes.fast.training.epochs", "3", 'epochs must be a valid integer, found "3"'),
        ("recipes.fast.training.epochs", True, "epochs must be a valid integer, found true"),
        ("recipes.fast.training.epochs", None, "epochs must be a valid integer, found null"),
        ("recipes.fast.training.learning_rate", float("nan"), "must be a finite number, found NaN"),
        ("recipes.fast.training.learning_rate", float("inf"), "must be a finite number"),
        ("recipes.fast.training.learning_rate", -1, "must be from 1e-09 to 10, found -1"),
        ("recipes.fast.training.decay", "steps", "'none', 'linear' or 'cosine', found \"steps\""),
        ("recipes.fast.training.momentum", 0.9, "recipes.fast.training.momentum is unknown"),
        ("recipes.fast.network.convolutions", [{}], "convolutions.0.channels is missing"),
        ("recipes.fast.network.dropout", 1, "dropout must be from 0 to 0.99, found 1"),
        ("recipes.fast.split.strategy", "head", "must be 'tail' or 'stratified', found \"head\""),
        ("recipe", "slow", "recipe must be one of accurate, fast, quick, tutorial, found slow"),
        ("dataset", "../mnist", "dataset must be of letters, digits, - and _, found"),
        ("machine.threads", -1, "machine.threads must be from 1 to 1024, found -1"),
        ("machine.threads", 1025, "machine.threads must be from 1 to 1024, found 1025"),
        (
            "machine.threads",
            0,
            "machine.threads must be a definite number .* not every core.* found 0",
        ),
        (
            "datasets.mnist.files.train_images.name",
            "../../etc/passwd",
            "name must be a file name,",
        ),
        (
            "datasets.mnist.files.train_images.sha256",
            "abc",
            'sha256 must be 64 digits of hexadecimal in lower case, found "abc"',
        ),
        ("datasets.mnist.files.train_images.bytes", -5, "bytes must be from 1 to"),
        ("datasets.mnist.sources", [], r"sources must have a length of at least 1, found \[\]"),
        (
            "datasets.mnist.sources",
            [{"kind": "ftp"}],
            "sources.0 must have a kind that is web, npm or folder, found {",
        ),
        ("datasets.mnist.sources", [{"path": "a"}], r"sources\.0 must have a kind that is web"),
        ("datasets.mnist.sources", ["a"], r"sources\.0 must have a kind that is web"),
        ("datasets.mnist.sources", [{"kind": "web"}], r"mnist\.sources\.0\.url is missing"),
        ("datasets.mnist.classes", ["0"], r"classes must have a length of at least 2, found \["),
        (
            "datasets.mnist.expectations.class_share_minimum",
            0.5,
            "class_share_minimum must be at most class_share_maximum, found 0.5 and 0.12",
        ),
        (
            "datasets.mnist.expectations.pixel_maximum",
            -1,
            "pixel_minimum must be at most pixel_maximum, found 0.0 and -1",
        ),
        (
            "datasets.mnist.classes",
            [0, 1],
            r"classes must be texts, each in quotes, .* found \[0",
        ),
        ("datasets.mnist.classes", ["0", "0"], "classes must differ from each other"),
        *(
            (
                "datasets.mnist.classes",
                ["0", f"1{separator}"],
                r"classes\.1 must be one line without control characters, found",
            )
            for separator in "\r\n\x85\u2028\u2029\x1b"
        ),
        ("datasets.mnist.lookalikes.of", "x", "mnist: lookalikes must name classes, not x"),
        ("datasets.mnist.gate.min_recalls", {"x": 1}, "gate.min_recalls must name classes, not x"),
        ("datasets.mnist.gate.min_accuracy", 99, "gate.min_accuracy must be from 0 to 1, found 99"),
        ("datasets.mnist.gate.min_recalls", {"9": 1.1}, "min_recalls.9 must be from 0 to 1"),
        ("datasets.mnist.gate.max_calibration_error", -1, "max_calibration_error must be from 0"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_is_allowed(
    place: str, value: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=message) as refused:
        read_params(changed(tmp_path, place, value))

    assert str(refused.value).startswith(str(tmp_path / "params.yaml"))
    assert "\n" not in str(refused.value)


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    content = yaml.load(ROOT / "params.yaml")
    del content["recipes"]["accurate"]["seed"]
    yaml.dump(content, path)

    with pytest.raises(ParameterError, match=r"recipes\.accurate\.seed is missing"):
        read_params(path)


def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (ROOT / "params.yaml").read_text()
    path.write_text(text.replace("learning_rate: 0.0001", "learning_rate: 1e-4"))

    assert read_params(path).recipes["tutorial"].training.learning_rate == 1e-4


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "a: [", "dataset: mnist\ndataset: mnist\n", "\x00", "!!python/object:os.system {}"],
    ids=["empty", "list", "cut", "duplicate", "binary", "tagged"],
)
def test_what_is_no_file_of_parameters_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)

    with pytest.raises(ParameterError, match=r"params\.yaml: ") as refused:
        read_params(path)

    assert "\n" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"params\.yaml: expected .* no such file"):
        read_params(tmp_path / "params.yaml")
