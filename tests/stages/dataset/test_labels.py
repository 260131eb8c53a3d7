import numpy as np
import pytest

from stages.dataset.labels import LabelError, class_numbers


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32"])
def test_labels_become_the_places_of_their_classes(dtype: str) -> None:
    found = class_numbers(np.array([30, 10, 20, 30], dtype), [20, 30, 10])

    assert found.tolist() == [1, 2, 0, 1]
    assert found.dtype == np.uint8


def test_more_classes_than_a_byte_holds_are_numbered() -> None:
    values = list(range(-300, 300))

    found = class_numbers(np.array([-300, 299], np.int16), values)

    assert found.tolist() == [0, 599]


@pytest.mark.parametrize("label", [0, 25, 40])
def test_a_label_of_no_class_is_refused(label: int) -> None:
    with pytest.raises(LabelError, match=rf"label_values in params\.yaml lists, found {label}\.$"):
        class_numbers(np.array([10, label]), [10, 20, 30])
