from stages.model.device import prepare
from tests.networks import machine, reference_network, small_network, training  # noqa: F401

# The threads of params.yaml: TensorFlow takes their number once in a process, and some modules
# compute when they are collected.
prepare("auto", 2)
