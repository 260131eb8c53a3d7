import subprocess
from pathlib import Path

import pynvml
import pytest
import tensorflow as tf

from stages.training.hardware import hardware


def lscpu(name: str) -> str:
    """What another program says of the processor."""
    lines = subprocess.run(
        ["lscpu"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))


def test_the_processor_is_the_one_that_lscpu_describes() -> None:
    found = hardware()

    assert found["cpu"] == lscpu("Model name")
    flags = lscpu("Flags").split()
    assert ("avx2" in found["instructions"]) == ("avx2" in flags)
    assert set(found["instructions"]) <= set(flags)
    assert found["threads"] == 2
    assert found["devices"] == ["/device:CPU:0"]
    assert found["tensorflow"] == tf.__version__
    assert found["onednn"]
    assert found["onednn_isa"]
    assert "gpus" not in found


def test_the_processor_has_a_name_where_linux_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    monkeypatch.setattr("platform.processor", lambda: "a processor")

    assert hardware()["cpu"] == "a processor"


def test_gpus_are_recorded_with_their_driver_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU can be had here: what TensorFlow and the driver would answer stands in for one."""
    gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda _: [gpu])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda _: {"device_name": "NVIDIA H100"}
    )
    monkeypatch.setattr(
        tf.sysconfig, "get_build_info", lambda: {"cuda_version": "12.5.1", "cudnn_version": "9"}
    )
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlSystemGetDriverVersion", lambda: "580.1")

    found = hardware()

    assert found["gpus"] == ["NVIDIA H100"]
    assert (found["driver"], found["cuda"], found["cudnn"]) == ("580.1", "12.5.1", "9")
