"""Every example picture, and every photograph of the fixtures: its name says what it shows."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from stages.photos.handwriting import read_handwriting
from stages.shared.artifacts import Array

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "data" / "handwriting").iterdir())
PHOTOS = sorted((ROOT / "tests" / "fixtures" / "photos").iterdir())


def shown(picture: Path) -> str:
    """The digits on a picture, in the order of reading."""
    name = picture.stem.removeprefix("sheet-").partition("-")[0]
    return "" if name == "blank" else name


@pytest.fixture(scope="module")
def nearest(small_mnist: dict[str, Array]) -> KNeighborsClassifier:
    """The digit of the fixtures that an image is most like."""
    images, labels = (
        np.concatenate([small_mnist[f"{part}_{kind}"] for part in ("train", "test")])
        for kind in ("images", "labels")
    )
    return KNeighborsClassifier(1).fit(images.reshape(len(images), -1) / 255, labels)


@pytest.mark.parametrize("picture", EXAMPLES + PHOTOS, ids=lambda path: path.name)
def test_all_digits_of_the_file_name_are_found_and_read(
    picture: Path, nearest: KNeighborsClassifier
) -> None:
    digits, unread, *_ = read_handwriting({"": picture}, 28)

    assert unread == {}
    assert len(digits[""]) == len(shown(picture))
    if len(digits[""]):
        answers = nearest.predict(digits[""].reshape(-1, 784) / 255)
        assert "".join(map(str, answers)) == shown(picture)
