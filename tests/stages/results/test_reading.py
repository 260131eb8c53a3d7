import pytest

from stages.results.reading import (
    provenance_of,
    read_checks,
    read_classes,
    read_digits,
    read_handwriting,
    read_history,
    read_provenance,
    read_retrain_history,
)
from stages.shared.formats import FormatError
from tests.stages.results.conftest import CHECKS


def test_the_first_of_a_thousand_rejected_cells_is_reported() -> None:
    with pytest.raises(FormatError) as refused:
        read_checks(CHECKS.replace(b"true", b"1").replace(b'"name"', b'"x"'))
    assert str(refused.value) == "success must be a valid boolean, found 1"


def test_a_table_has_a_row_for_each_class() -> None:
    header = b"class,support,precision,recall,f1\n"
    with pytest.raises(FormatError, match="expected at least 2 rows, found 0"):
        read_classes(header)


def test_histories_have_an_epoch_at_least() -> None:
    assert read_history(b"epoch,loss,accuracy\n1,0.5,0.75\n")[0].accuracy == 0.75
    assert read_retrain_history(b"epoch,loss\n1,2.5\n")[0].loss == 2.5
    for read, header in (
        (read_history, b"epoch,loss,accuracy\n"),
        (read_retrain_history, b"epoch,loss"),
    ):
        with pytest.raises(FormatError, match="expected at least 1 rows, found 0"):
            read(header)


def test_digits_may_be_none() -> None:
    header = b"picture,digit,label,predicted,confidence,doubt,runner_up,runner_up_confidence\n"
    assert read_digits(header) == []
    assert read_digits(header + b"7.png,1,,7,0.9,not sure,1,0.1\n")[0].label == ""
    with pytest.raises(FormatError, match="line 2: picture must"):
        read_digits(header + b"../7.png,1,7,7,0.9,,1,0.1\n")
    summary = (
        b'{"pictures": 0, "digits": 0, "not_sure": 0, "not_a_digit": 0, "labelled": 0, '
        b'"right": 0, "accuracy": null, '
        b'"no_digit_found": [], "unread": {}}'
    )
    assert read_handwriting(summary).accuracy is None


def test_of_each_training_the_entry_of_the_recorded_weights_counts() -> None:
    one, two = {"cpu": "one"}, {"cpu": "two"}
    provenance = {"train": {"aa": one, "bb": two}, "retrain": {"cc": one}}

    assert provenance_of(provenance, {"bb", "dd"}) == {"train": two}
    # As earlier versions wrote it.
    assert provenance_of({"train": one}, {"bb"}) == {"train": one}
    # An earlier version left its fields beside the entries by weights.
    assert provenance_of({"train": {**one, "bb": two}}, {"bb"}) == {"train": two}


@pytest.mark.parametrize("content", [b"[]", b"null", b'{"train": []}', b'{"a": {}, "a": {}}', b""])
def test_provenance_has_an_entry_for_each_training(content: bytes) -> None:
    assert read_provenance(b'{"train": {"cpu": "one"}}') == {"train": {"cpu": "one"}}
    with pytest.raises(FormatError):
        read_provenance(content)
