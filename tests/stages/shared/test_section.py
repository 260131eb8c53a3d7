import pytest
from pydantic import ValidationError

from stages.params.dataset import FolderSource
from stages.params.split import Split


def test_a_section_does_not_change() -> None:
    split = Split(strategy="tail", validation_images=5)

    with pytest.raises(ValidationError, match="frozen"):
        split.validation_images = 6


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        FolderSource.model_validate({"kind": "folder", "path": "a", "mode": "copy"})
