import itertools

import tensorflow as tf

from stages.training.seeds import Stream, seeds


def test_every_stream_and_step_has_a_seed_of_its_own() -> None:
    found = {
        tuple(seeds(seed, stream, tf.constant(step)).numpy().tolist())
        for seed, stream, step in itertools.product((0, 1, 2**31 - 1), Stream, (0, 1, 2**31 - 1))
    }

    assert len(found) == 3 * len(Stream) * 3


def test_a_seed_does_not_depend_on_where_it_is_computed() -> None:
    in_graph = tf.function(lambda step: seeds(1, Stream.DROPOUT, step))

    step = tf.constant(5)
    assert in_graph(step).numpy().tolist() == seeds(1, Stream.DROPOUT, step).numpy().tolist()
