"""Nothing from outside changes what a training computes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages import standardize, train

HOSTILE = {
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FUNCTION_JIT_COMPILE_DEFAULT": "1",
    "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    "TF2_BEHAVIOR": "0",
    "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "false",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "ONEDNN_DEFAULT_FPMATH_MODE": "ANY",
    "OMP_NUM_THREADS": "1",
    "KMP_AFFINITY": "compact",
    "MKL_NUM_THREADS": "1",
    "EIGEN_NUM_THREADS": "1",
}
# These change the bytes of a training on every processor that TensorFlow's wheels run on.
EFFECTIVE = ["TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"]
RETRAIN = "import runpy; runpy.run_module('stages', run_name='__main__', alter_sys=True)"
ON_ONE_CORE = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}); {RETRAIN}"
# As if the project removed nothing: some variables are read when TensorFlow is imported, others
# when it first computes.
UNFIXED = f"""
import os
given = dict(os.environ)
import tensorflow, stages.model
os.environ.update(given)
{RETRAIN}
"""

Retrained = Callable[..., bytes]


@pytest.fixture
def retrained(
    small_params: Path, small_arrays: Path, tmp_path: Path, edit: Callable[[Path, str, Any], None]
) -> Retrained:
    """Train here, or by a program in a process of its own, and give the file of its weights."""
    edit(small_params, "recipes.fast.training.epochs", 1)
    standardize.main(small_arrays, tmp_path / "standardization.safetensors")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}

    def retrained(program: str | None = None, **variables: str) -> bytes:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        paths = {
            "params": small_params,
            "arrays": small_arrays,
            "standardization": tmp_path / "standardization.safetensors",
            "models": folder,
            "weights": folder / "weights.safetensors",
            "history": folder / "history.csv",
        }
        if program is None:
            train.main(**paths)
            return paths["weights"].read_bytes()
        options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
        command = [sys.executable, "-c", program, "train", *options]
        subprocess.run(command, check=True, env=clean | variables, capture_output=True)
        return paths["weights"].read_bytes()

    return retrained


@pytest.mark.slow
def test_neither_variables_nor_the_cores_change_the_weights(retrained: Retrained) -> None:
    expected = retrained()

    assert retrained(RETRAIN, **HOSTILE) == expected
    assert retrained(ON_ONE_CORE) == expected
    # Else the test would show nothing.
    for name in EFFECTIVE:
        assert retrained(UNFIXED, **{name: HOSTILE[name]}) != expected


def test_what_changes_arithmetic_is_removed_and_what_logs_stays() -> None:
    program = "import stages.model, json, os; print(json.dumps(dict(os.environ)))"
    harmless = {"TF_CPP_MIN_LOG_LEVEL": "0", "CUDA_VISIBLE_DEVICES": "", "EDITOR": "vi"}

    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env=os.environ | HOSTILE | harmless,
        capture_output=True,
        text=True,
    )

    left = json.loads(done.stdout)
    assert {name: left.get(name) for name in harmless} == harmless
    assert left["TF_ENABLE_ONEDNN_OPTS"] == "1"
    # TensorFlow sets some by itself.
    assert not HOSTILE.items() & left.items()
    assert done.stderr == ""
