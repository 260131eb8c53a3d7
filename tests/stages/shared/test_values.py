import math

import pytest
from ruamel.yaml import YAML

from stages.shared.values import (
    MOST_VALUES,
    FoundError,
    check_events,
    distinct,
    first_repeated,
    plain,
    quoted,
)


def test_the_first_name_that_comes_again_is_found() -> None:
    assert first_repeated(["a", "b", "c", "b", "a"]) == "b"
    assert first_repeated(["a", "b"]) is None


def test_a_key_may_occur_once() -> None:
    assert distinct([("a", 1), ("b", 2)]) == {"a": 1, "b": 2}
    with pytest.raises(FoundError, match=r'^the key "a" twice$'):
        distinct([("a", 1), ("a", 1)])


def test_only_the_beginning_of_a_text_is_quoted() -> None:
    assert quoted('a"b\n') == r'"a\"b\n"'
    assert quoted("x" * 100) == f'"{"x" * 40}"'


def test_a_copy_has_text_for_keys_and_keeps_its_values() -> None:
    value = {1: [True, None, 2.5, "text", {"inner": math.inf}]}
    assert plain(value) == {"1": [True, None, 2.5, "text", {"inner": math.inf}]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({True: 1}, "which is not text"),
        ({1: 1, "1": 2}, 'the key "1" twice'),
        (b"bytes", "a value of the type bytes"),
        ("\ud800", "which is not Unicode"),
        (1 << (1 << 13), "a whole number of thousands of digits"),
        ([0] * MOST_VALUES, f"more than {MOST_VALUES} values"),
    ],
)
def test_what_json_cannot_hold_is_found(value: object, found: str) -> None:
    with pytest.raises(FoundError, match=found):
        plain(value)


@pytest.mark.parametrize(("depth", "fits"), [(64, True), (65, False)])
def test_values_are_nested_up_to_a_limit(depth: int, fits: bool) -> None:
    events = YAML(typ="safe", pure=True).parse("[" * depth + "]" * depth)
    if fits:
        check_events(events)
    else:
        with pytest.raises(FoundError, match="values nested more than 64 deep"):
            check_events(events)


def test_aliases_count_as_what_they_stand_for() -> None:
    # 2 to the power of 20 values, in 20 lines.
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 20))]
    with pytest.raises(FoundError, match=f"more than {MOST_VALUES} values"):
        check_events(YAML(typ="safe", pure=True).parse("\n".join(lines)))


def test_an_alias_of_what_contains_it_is_refused() -> None:
    with pytest.raises(FoundError, match="values nested more than 64 deep"):
        check_events(YAML(typ="safe", pure=True).parse("&a [*a]"))
