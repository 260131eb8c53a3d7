import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.verification.device import FIELDS, device_difference

ROOT = Path(__file__).parents[3]
ENTRY = {"cpu": "one", "instructions": ["avx", "fma"], "threads": 2, "seconds": 3, "onednn": True}


@pytest.mark.slow
def test_every_field_that_a_training_records_of_its_hardware_is_compared() -> None:
    program = (
        "import json; from stages.training import hardware as h; print(json.dumps(h.hardware()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    # Those of GPUs, and of several machines, are not there without them.
    others = {"gpus", "driver", "cuda", "cudnn", "machines"}
    assert set(FIELDS) - others <= set(json.loads(done.stdout))
    assert set(json.loads(done.stdout)) <= set(FIELDS)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"seconds": 9}, None),
        ({"cpu": "two", "threads": 4}, 'train: cpu: recorded "one", here "two"'),
        ({"onednn": False}, "train: onednn: recorded true, here false"),
        (
            {"instructions": ["avx", "avx2"]},
            'train: instructions: recorded ["fma"], here ["avx2"]',
        ),
        (
            {"instructions": ["avx", "fma", "amx"]},
            'train: instructions: recorded nothing, here ["amx"]',
        ),
        ({"gpus": ["A100"]}, 'train: gpus: recorded nothing, here ["A100"]'),
    ],
)
def test_first_different_field_is_reported(change: dict[str, Any], expected: str | None) -> None:
    assert device_difference({"train": ENTRY}, {"train": ENTRY | change}) == expected


def test_devices_of_all_trainings_are_compared() -> None:
    recorded = {"train": ENTRY, "retrain": ENTRY | {"threads": 1}}

    assert device_difference(recorded, {"train": ENTRY, "retrain": ENTRY}) == (
        "retrain: threads: recorded 1, here 2"
    )


@pytest.mark.parametrize(
    ("recorded", "found", "expected"),
    [
        ({}, {"train": ENTRY}, "the commit does not record its device"),
        ({"train": ENTRY}, {}, "train: its device is not recorded on both sides"),
        ({"train": "text"}, {"train": ENTRY}, "train: its device is not recorded on both sides"),
    ],
)
def test_unrecorded_device_counts_as_another_class(
    recorded: dict[str, Any], found: dict[str, Any], expected: str
) -> None:
    assert device_difference(recorded, found) == expected
