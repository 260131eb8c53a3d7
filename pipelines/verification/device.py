"""Compare the classes of two trainings' devices; only the same class promises the same bytes."""

import json
from collections.abc import Mapping
from typing import Any

FIELDS = (
    "system",
    "machine",
    "cpu",
    "instructions",
    "threads",
    "devices",
    "machines",
    "gpus",
    "driver",
    "cuda",
    "cudnn",
    "tensorflow",
    "onednn",
    "onednn_isa",
)
"""Fields of an entry of ``models/provenance.json`` that determine the last bits of a training."""


def device_difference(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """Return the first difference between the devices of two ``models/provenance.json``.

    Args:
        recorded: the entry of each training, by its stage.
        found: the same for the rerun.

    Returns:
        Training and field with both values, or ``None`` if all devices are of the same class.
    """
    if not recorded:
        return "the commit does not record its device"
    for training in sorted(recorded):
        before, after = recorded[training], found.get(training)
        if not isinstance(before, dict) or not isinstance(after, dict):
            return f"{training}: its device is not recorded on both sides"
        for field in FIELDS:
            values = before.get(field), after.get(field)
            if values[0] != values[1]:
                return f"{training}: {field}: {_both(*values)}"
    return None


def _both(recorded: object, found: object) -> str:
    """Return both values as text; for lists, such as the instructions, what the other lacks."""
    if isinstance(recorded, list) and isinstance(found, list):
        recorded, found = (
            [item for item in side if item not in other] or None
            for side, other in ((recorded, found), (found, recorded))
        )
    sides = (
        "nothing" if value is None else json.dumps(value, ensure_ascii=False)
        for value in (recorded, found)
    )
    return "recorded {}, here {}".format(*sides)
