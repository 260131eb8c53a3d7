from stages.params.network import NetworkParams


def test_what_is_left_out_is_off() -> None:
    network = NetworkParams.model_validate({"convolutions": (), "dense_units": 16})

    assert (network.batch_normalization, network.dropout, network.views) == (False, 0, 1)
