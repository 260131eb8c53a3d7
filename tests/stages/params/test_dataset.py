import pytest
from pydantic import ValidationError

from stages.params.dataset import DataFile, NpmSource

SHA256 = "0" * 64


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/b", ".hidden", "", "a\0b"])
def test_the_name_of_a_file_cannot_point_elsewhere(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        DataFile(name=name, bytes=1, sha256=SHA256)


@pytest.mark.parametrize("package", ["--help", "a", "a@latest", "git+ssh://host/a", "a@1;b", "./a"])
def test_a_package_is_named_with_its_version_and_nothing_else(package: str) -> None:
    with pytest.raises(ValidationError, match="package"):
        NpmSource(kind="npm", package=package, folder="data")
