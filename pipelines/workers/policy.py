"""What a run does about the stages that have a pool."""

from typing import Literal, NamedTuple


class Policy(NamedTuple):
    """The parameters of the flow of the same names, which has their meanings and defaults."""

    pool_wait: float
    pool_empty: Literal["fail", "here"]
    pool_timeout: float
    pool_lost: Literal["retry", "fail"]
