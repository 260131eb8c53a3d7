"""Describe what determines the last bits of a training: the machine and its libraries."""

import platform
from pathlib import Path
from typing import Any

import pynvml
import tensorflow as tf

from stages.model import machines, onednn
from stages.model.device import devices

# Prefixes of the processor instructions by which oneDNN chooses its arithmetic.
_VECTORS = ("sse4", "avx", "fma", "amx")


def hardware() -> dict[str, Any]:
    """Return what computes: processor or GPUs, their instructions and libraries, and threads.

    Call it after ``prepare``.
    """
    processor = _processor()
    together = machines.machines() if machines.joined() else None
    gpus = tf.config.get_visible_devices("GPU")
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": processor.get("model name", platform.processor()),
        "instructions": sorted(
            flag for flag in processor.get("flags", "").split() if flag.startswith(_VECTORS)
        ),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "devices": devices(),
        **({"machines": len(together.addresses)} if together else {}),
        "tensorflow": tf.version.VERSION,
        "onednn": onednn.is_used(),
        "onednn_isa": onednn.instructions(),
    } | (_gpus(gpus) if gpus else {})


def _processor() -> dict[str, str]:
    """Return what Linux reports about the first core; elsewhere nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _gpus(gpus: list[tf.config.PhysicalDevice]) -> dict[str, Any]:
    built = tf.sysconfig.get_build_info()
    pynvml.nvmlInit()
    try:
        driver = pynvml.nvmlSystemGetDriverVersion()
    finally:
        pynvml.nvmlShutdown()
    return {
        "gpus": [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus],
        "driver": driver,
        "cuda": built["cuda_version"],
        "cudnn": built["cudnn_version"],
    }
