"""Limit the values that a parser finds, and refuse what JSON cannot hold."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
)

_DEEPEST = 64
TOO_DEEP = f"values nested more than {_DEEPEST} deep"
# Counted after YAML aliases are expanded: a few lines of them can stand for billions of values.
MOST_VALUES = 1 << 18
# Bits. Python refuses to write integers of more than 4,300 digits, but reads hexadecimal ones.
_LONGEST_INTEGER = 1 << 13
TOO_LONG = "a whole number of thousands of digits"
TOO_MANY = f"more than {MOST_VALUES} values"


class FoundError(ValueError):
    """What was found instead of the expected content, as part of a clause."""


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a dictionary of the pairs; raise ``FoundError`` if a key occurs twice."""
    if (twice := first_repeated(name for name, _ in pairs)) is not None:
        raise FoundError(f"the key {quoted(twice)} twice")
    return dict(pairs)


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that occurs a second time, or ``None``."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def quoted(text: str) -> str:
    """Return the beginning of a text in quotation marks, for a clause."""
    return json.dumps(text[:40])


def check_events(events: Iterable[Event]) -> None:
    """Refuse deep nesting and too many values before they take minutes and memory to construct."""
    total = 0
    above: list[tuple[str | None, int]] = []  # the anchor and the number of each open collection
    sizes: dict[str, int] = {}
    for event in events:
        if isinstance(event, CollectionEndEvent):
            anchor, first = above.pop()
            if anchor:
                sizes[anchor] = total - first
        elif isinstance(event, AliasEvent):
            if event.anchor in {anchor for anchor, _ in above}:
                raise FoundError(TOO_DEEP)
            total += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            if isinstance(event, CollectionStartEvent):
                above.append((event.anchor, total))
            elif event.anchor:
                sizes[event.anchor] = 1
            total += 1
        if len(above) > _DEEPEST:
            raise FoundError(TOO_DEEP)
        if total > MOST_VALUES:
            raise FoundError(TOO_MANY)


def plain(value: Any) -> Any:
    """Return a copy of a value with types that JSON can hold."""
    return _copied(value, iter(range(MOST_VALUES)), _DEEPEST)


def _copied(value: Any, budget: Iterator[int], depth: int) -> Any:
    if next(budget, None) is None:
        raise FoundError(TOO_MANY)
    if isinstance(value, dict | list) and not depth:
        raise FoundError(TOO_DEEP)
    if isinstance(value, dict):
        return distinct(
            [(_key(key), _copied(item, budget, depth - 1)) for key, item in value.items()]
        )
    if isinstance(value, list):
        return [_copied(item, budget, depth - 1) for item in value]
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        raise FoundError(TOO_LONG)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.date):
        raise FoundError(f"the date {value}, which must be in quotes")
    raise FoundError(f"a value of the type {type(value).__name__}, which JSON does not allow")


def _key(key: object) -> str:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return _encodable(str(key))
    raise FoundError(f"the key {quoted(str(key))}, which is not text")


def _encodable(text: str) -> str:
    """Return ``text``; refuse half of a surrogate pair, which no UTF-8 file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FoundError(f"the text {quoted(text)}, which is not Unicode") from None
    return text
