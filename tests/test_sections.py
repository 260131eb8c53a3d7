import pytest
from pydantic import ValidationError

from stages.sections import Augmentation, DataFile, FolderSource, NpmSource, Split

SHA256 = "0" * 64


def test_a_section_does_not_change() -> None:
    split = Split(strategy="tail", validation_images=5)

    with pytest.raises(ValidationError, match="frozen"):
        split.validation_images = 6  # type: ignore[misc]


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/b", ".hidden", "", "a\0b"])
def test_the_name_of_a_file_cannot_point_elsewhere(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        DataFile(name=name, bytes=1, sha256=SHA256)


@pytest.mark.parametrize("package", ["--help", "a", "a@latest", "git+ssh://host/a", "a@1;b", "./a"])
def test_a_package_is_named_with_its_version_and_nothing_else(package: str) -> None:
    with pytest.raises(ValidationError, match="package"):
        NpmSource(kind="npm", package=package, folder="data")


def test_the_ends_of_a_range_are_allowed_and_what_lies_beyond_is_not() -> None:
    still = {"shift": 0.0, "rotation": 180.0, "scale": 0.9, "shear": 1.0}
    assert Augmentation(**still).rotation == 180

    with pytest.raises(ValidationError, match="must be from 0 to 180"):
        Augmentation(**still | {"rotation": 180.1})


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        FolderSource.model_validate({"kind": "folder", "path": "a", "mode": "copy"})
