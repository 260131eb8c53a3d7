import pytest

from stages.params.network import NetworkError, NetworkParams, Padding, layers, output_size


def test_what_is_left_out_is_off() -> None:
    network = NetworkParams.model_validate({"convolutions": (), "dense_units": 16})

    assert (network.batch_normalization, network.dropout, network.views) == (False, 0, 1)


def test_the_reference_network_has_the_published_shapes_and_parameters(
    reference_network: NetworkParams,
) -> None:
    found = [
        (layer.name, layer.output, layer.parameters)
        for layer in layers(reference_network, (28, 28), 10)
    ]

    assert found == [
        ("conv_1", (24, 24, 32), 832),
        ("conv_2", (8, 8, 64), 51_264),
        ("fc_3", (1024,), 1_049_600),
        ("fc_4", (10,), 10_250),
    ]


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "expected"),
    [
        (24, 2, 2, "SAME", 12),
        (25, 2, 2, "SAME", 13),
        (25, 2, 2, "VALID", 12),
        (28, 5, 1, "VALID", 24),
        (5, 5, 1, "VALID", 1),
    ],
)
def test_output_sizes_follow_the_definition_of_the_paddings(
    size: int, window: int, stride: int, padding: Padding, expected: int
) -> None:
    assert output_size(size, window, stride, padding) == expected


def test_a_kernel_larger_than_what_reaches_it_is_refused_by_name(
    reference_network: NetworkParams,
) -> None:
    with pytest.raises(
        NetworkError, match=r"convolutions\.1\.kernel .* at most 4 for the 4x6 .* found 5"
    ):
        layers(reference_network, (12, 16), 10)


def test_a_pool_larger_than_what_reaches_it_is_refused_by_name(
    reference_network: NetworkParams,
) -> None:
    wide = reference_network.convolutions[0].model_copy(update={"pool": 9, "pool_padding": "VALID"})
    network = reference_network.model_copy(update={"convolutions": (wide,)})

    with pytest.raises(NetworkError, match=r"convolutions\.0\.pool .* at most 8 .* found 9"):
        layers(network, (12, 12), 10)


def test_a_network_without_convolutions_is_a_perceptron(reference_network: NetworkParams) -> None:
    network = reference_network.model_copy(update={"convolutions": ()})

    assert [(layer.name, layer.kernel) for layer in layers(network, (4, 3), 2)] == [
        ("fc_1", (12, 1024)),
        ("fc_2", (1024, 2)),
    ]
