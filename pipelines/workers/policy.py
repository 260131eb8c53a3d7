"""Define how a run treats the stages that have a pool."""

from typing import Literal, NamedTuple


class Policy(NamedTuple):
    """The flow's parameters of the same names; the flow documents their meanings and defaults."""

    pool_wait: float
    pool_empty: Literal["fail", "here"]
    pool_timeout: float
    pool_lost: Literal["retry", "fail"]
