import pytest
from pydantic import ValidationError

from stages.params.handwriting import Handwriting


@pytest.mark.parametrize("folder", ["data/handwriting", "photos", "a-b/c_d.e"])
def test_a_folder_in_the_repository_is_taken(folder: str) -> None:
    assert Handwriting(folder=folder, standardization="own").folder == folder


@pytest.mark.parametrize("folder", ["", "/etc", "my photos", "-x", "a;b", "$HOME", "../x"])
def test_what_a_shell_might_misread_is_refused(folder: str) -> None:
    with pytest.raises(ValidationError, match="folder"):
        Handwriting(folder=folder, standardization="own")
