"""Fit the network. To read it in order: ``step``, ``trainer`` (an epoch), ``loop``."""

import stages.model  # noqa: F401 - it starts TensorFlow, which this package imports too
