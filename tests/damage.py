"""Damage to a file, of the kinds that merges, editors, disks and people do, by Hypothesis.

Hypothesis draws the same damage each time, and reduces what fails to the least that does.
"""

import random
import re
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.helpers import LONG

EXAMPLES = 20_000 if LONG else 2_000

many_examples = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""For tests whose examples take milliseconds each."""

# Split where they are used: as a list, they would fill the page.
NONSENSE = """
1e999 -1e999 NaN nan Infinity inf -1 0 1 2 0.5 1.0 01 +1 1_0 1e0 0x1 true false null "1" [] {} [[]]
2147483648 99999999999999999999 1e-7 0.9999999 None - , : { [ " é
"""
"""What a number or a word is replaced with."""

_TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+")


def damaged(content: bytes, places: int = 3) -> st.SearchStrategy[bytes]:
    """Give copies of a content, each damaged in up to so many places; each differs from it."""
    copies = st.builds(_damaged, st.just(content), st.integers(1, places), st.randoms())
    return copies.filter(lambda copy: copy != content)


def _damaged(content: bytes, places: int, chance: random.Random) -> bytes:
    for _ in range(places):
        content = chance.choice(_KINDS)(content, chance) if content else content
    return content


def _token(content: bytes, chance: random.Random) -> bytes:
    spans = [found.span() for found in _TOKEN.finditer(content)]
    begin, end = chance.choice(spans or [(0, len(content))])
    return content[:begin] + chance.choice(NONSENSE.split()).encode() + content[end:]


def _digit(content: bytes, chance: random.Random) -> bytes:
    digits = [found.start() for found in re.finditer(rb"[0-9]", content)]
    place = chance.choice(digits or [0])
    return content[:place] + str(chance.randrange(10)).encode() + content[place + 1 :]


def _byte(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def _removed(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + content[place + chance.randrange(1, 9) :]


def _cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content))
    end = begin + chance.randrange(1, 99)
    return content[:end] + content[begin:]


def _of_lines(change: Callable[[list[bytes], random.Random], Sequence[bytes]]) -> "_Kind":
    def damage(content: bytes, chance: random.Random) -> bytes:
        return b"".join(change(content.splitlines(keepends=True), chance))

    return damage


def _line_removed(lines: list[bytes], chance: random.Random) -> list[bytes]:
    del lines[chance.randrange(len(lines))]
    return lines


def _line_repeated(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], lines[place], *lines[place:]]


def _lines_swapped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _cells_swapped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    cells = lines[place].rstrip(b"\n").split(b",")
    chance.shuffle(cells)
    lines[place] = b",".join(cells) + b"\n"
    return lines


def _marked(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], b"<<<<<<< ours\n", lines[place], b"=======\n", *lines[place:]]


_Kind = Callable[[bytes, random.Random], bytes]
_KINDS: tuple[_Kind, ...] = (
    _token,
    _digit,
    _byte,
    _removed,
    _cut_off,
    _repeated,
    _of_lines(_line_removed),
    _of_lines(_line_repeated),
    _of_lines(_lines_swapped),
    _of_lines(_cells_swapped),
    _of_lines(_marked),
)
