import pytest

from stages.results.models import PairRow
from stages.results.rows import rows_of, validated
from stages.shared.formats import FormatError

COLUMNS = ("actual", "predicted", "count")


def test_each_line_becomes_a_row() -> None:
    rows = rows_of(b"actual,predicted,count\na,b,3\nb,a,1\n", PairRow, COLUMNS, least=1)

    assert [(row.actual, row.predicted, row.count) for row in rows] == [
        ("a", "b", 3),
        ("b", "a", 1),
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"actual,count,predicted\n", "expected the columns actual, predicted, count, found"),
        (b"actual,predicted,count\n", "expected at least 1 rows, found 0"),
        (b"actual,predicted,count\na,b,-1\nc,d,x\n", "line 2: count must be a valid integer"),
    ],
)
def test_the_first_mistake_is_a_clause(content: bytes, found: str) -> None:
    with pytest.raises(FormatError) as refused:
        rows_of(content, PairRow, COLUMNS, least=1)

    assert str(refused.value).startswith(found)


def test_a_value_of_json_is_validated_with_its_place() -> None:
    pair = {"actual": "a", "predicted": "b", "count": 1}

    assert validated(PairRow, pair).count == 1
    with pytest.raises(FormatError, match=r"^pairs\.0\.actual must be a valid string, found 7$"):
        validated(PairRow, pair | {"actual": 7}, ("pairs", "0"))
