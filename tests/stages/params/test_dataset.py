from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stages.params.dataset import DataFile, NpmSource
from stages.params.file import read_params
from stages.shared.parameters import ParameterError

Edit = Callable[[Path, str, Any], None]
SHA256 = "0" * 64


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/b", ".hidden", "", "a\0b"])
def test_the_name_of_a_file_cannot_point_elsewhere(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        DataFile(name=name, bytes=1, sha256=SHA256)


@pytest.mark.parametrize("package", ["--help", "a", "a@latest", "git+ssh://host/a", "a@1;b", "./a"])
def test_a_package_is_named_with_its_version_and_nothing_else(package: str) -> None:
    with pytest.raises(ValidationError, match="package"):
        NpmSource(kind="npm", package=package, folder="data")


@pytest.mark.parametrize("values", [[1, 2, 3], [1, 1, *range(2, 10)]])
def test_each_class_has_a_label_of_its_own(
    project_params: Path, edit: Edit, values: list[int]
) -> None:
    edit(project_params, "datasets.mnist.expectations.label_values", values)

    with pytest.raises(ParameterError, match="must be 10 different labels, one of each class"):
        read_params(project_params)


def test_a_class_without_test_images_is_one_of_the_classes(
    project_params: Path, edit: Edit
) -> None:
    edit(project_params, "datasets.mnist.expectations.absent_from_test", ["ten"])

    with pytest.raises(ParameterError, match="absent_from_test must name classes, not ten"):
        read_params(project_params)


def test_files_may_have_more_bytes_than_32_bits_count(project_params: Path, edit: Edit) -> None:
    edit(project_params, "datasets.mnist.expectations.train_images", 8_100_000)
    edit(project_params, "datasets.mnist.files.train_images.bytes", 16 + 8_100_000 * 784)
    edit(project_params, "datasets.mnist.files.train_labels.bytes", 8 + 8_100_000)

    assert read_params(project_params).chosen_dataset.files.train_images.bytes == 6_350_400_016
