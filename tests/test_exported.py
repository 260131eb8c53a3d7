from pathlib import Path

import pytest

from stages.exported import ExportedError, ExportedModel


@pytest.mark.parametrize("content", [None, b"", b"not a model", bytes(1000)])
def test_what_is_no_model_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "classifier.tflite"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ExportedError, match=r"classifier\.tflite: expected an exported model"):
        ExportedModel(path)
