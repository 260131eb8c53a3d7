"""Run the exported model without TensorFlow."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from pydantic import ValidationError

from stages.serving.description import Description
from stages.shared.artifacts import Array
from stages.shared.errors import UserError
from stages.shared.validation import sentences

# The size limit of TensorFlow Lite's format.
_MAXIMUM_BYTES = 2**31
# A description lists class names; anything larger is not a description.
_MAXIMUM_DESCRIPTION = 2**20


class ExportedError(UserError):
    """The exported model cannot be read."""


class ExportedModel:
    """The classifier, as the stage ``export`` writes it in TensorFlow Lite's format.

    Args:
        path: of the file. It contains numbers and TensorFlow Lite's own operations, but no code.

    Raises:
        ExportedError: the file is missing or not a model, the model does not describe itself, or
            its inputs and outputs do not match its description.
    """

    description: Description
    """What the model accepts and what its answers mean."""

    def __init__(self, path: Path) -> None:
        try:
            self._interpreter = Interpreter(model_content=_content(path))
            self.description = self._described()
            self._check_signature()
        # TensorFlow Lite raises the latter two for a model that it cannot read or run.
        except (_NotOursError, ValueError, RuntimeError) as error:
            found = " ".join(str(error).split()).rstrip(".")
            raise ExportedError(
                f"{path}: expected a model that the stage export wrote, found: {found}; "
                "run `dvc repro export`."
            ) from None

    def probabilities(self, images: Array) -> Array:
        """Compute the probability of each class.

        Args:
            images: ``(n, height, width)`` or ``(n, height, width, 3)``, raw, in the described
                format; n at least 1.

        Returns:
            ``(n, classes)`` float32; each row sums to 1.
        """
        classify = self._interpreter.get_signature_runner("serving_default")
        found: Array = classify(images=np.ascontiguousarray(images))["probabilities"]
        return found

    def _described(self) -> Description:
        known = self._interpreter.get_signature_list()
        if "describe" not in known or "serving_default" not in known:
            raise _NotOursError(
                f"no description in it (its signatures: {', '.join(known) or 'none'})"
            )
        describe = self._interpreter.get_signature_runner("describe")
        details = describe.get_output_details().get("description", {})
        shape = tuple(details.get("shape", ()))
        if details.get("dtype") is not np.uint8 or len(shape) != 1:
            raise _NotOursError("a description that is not text")
        if shape[0] > _MAXIMUM_DESCRIPTION:
            raise _NotOursError(f"a description of {shape[0]:,} bytes")
        try:
            return Description.model_validate_json(describe()["description"].tobytes().decode())
        except UnicodeDecodeError:
            raise _NotOursError("a description that is not text") from None
        except ValidationError as error:
            raise _NotOursError(f"a description in which {sentences(error)}") from None

    def _check_signature(self) -> None:
        """Check the model against its description; the last check classifies a background image."""
        form, classes = self.description.images, len(self.description.classes)
        classify = self._interpreter.get_signature_runner("serving_default")
        found = _tensor(classify.get_input_details().get("images", {}))
        expected = f"{form.dtype} ({', '.join(map(str, (-1, *form.shape)))})"
        if found != expected:
            raise _NotOursError(f"images of {found}, but a description of {expected}")
        answers = _tensor(classify.get_output_details().get("probabilities", {}))
        if answers != f"float32 (-1, {classes})":
            raise _NotOursError(
                f"probabilities of {answers}, but a description of {classes} classes"
            )
        image = np.full((1, *form.shape), getattr(form, form.background), form.dtype)
        if not np.isclose(self.probabilities(image).sum(), 1, atol=1e-3):
            raise _NotOursError("probabilities that do not sum to 1")


class _NotOursError(Exception):
    """The reason why a file is not a model that the stage ``export`` wrote."""


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _NotOursError("a folder" if path.is_dir() else "no such file")
        size = path.stat().st_size
        if size > _MAXIMUM_BYTES:
            raise _NotOursError(f"{size:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise _NotOursError(error.strerror or str(error)) from None


def _tensor(details: dict[str, Any]) -> str:
    """Return the type and the shape of a tensor as text, with -1 for any size."""
    if not details:
        return "nothing"
    shape = ", ".join(map(str, details["shape_signature"]))
    return f"{np.dtype(details['dtype']).name} ({shape})"
