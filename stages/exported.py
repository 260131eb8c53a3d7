"""Ask the exported model, without TensorFlow."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner

from stages.artifacts import Array
from stages.errors import UserError


class ExportedError(UserError):
    """The exported model cannot be read."""


class ExportedModel:
    """The classifier, as the stage ``export`` writes it in TensorFlow Lite's format.

    Args:
        path: of the file.

    Raises:
        ExportedError: there is no such file, or it is none of a model.
    """

    def __init__(self, path: Path) -> None:
        try:
            interpreter = Interpreter(model_content=path.read_bytes())
            self._runner: SignatureRunner = interpreter.get_signature_runner()
        except (OSError, ValueError) as error:
            found = "no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise ExportedError(
                f"{path}: expected an exported model, found: {found}; run `dvc repro export`."
            ) from None

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the images that it takes."""
        _, height, width = self._runner.get_input_details()["images"]["shape_signature"]
        return int(height), int(width)

    def probabilities(self, images: Array) -> Array:
        """Compute the probability of each class.

        Args:
            images: ``(n, height, width)``, raw, of the type that it was trained on; n at least 1.

        Returns:
            ``(n, classes)`` float32; each row sums to 1.
        """
        found: Array = self._runner(images=np.ascontiguousarray(images))["probabilities"]
        return found
