"""Check the facts of a data set with Great Expectations; no other file imports it.

It checks one number for each expectation, such as the share of blank images: a table with a row for
each image would need more memory than the images.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stages.dataset.checks import SETS, Check, checks
from stages.dataset.facts import Facts
from stages.params.dataset import Expectations
from stages.shared.errors import UserError

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.data_context.types.base import ProgressBarsConfig


class ExpectationError(UserError):
    """The data do not meet the expectations."""


def check_all(
    facts: Mapping[str, Facts], bounds: Expectations, classes: Sequence[str]
) -> dict[str, Any]:
    """Check every expectation, even if an earlier one failed.

    Args:
        facts: of ``train`` and of ``test``, as ``facts.gather`` returns them.
        bounds: the expectations of the data set.
        classes: the name of each class; a label is an index into them.

    Returns:
        ``success``: whether all expectations were met; ``failed``: the names of those that were
        not; ``expectations``: for each its ``name``, ``set`` (``train`` or ``test``),
        ``description``, ``success``, ``expected`` and ``observed`` (texts), ``unexpected_images``
        (a count) and ``unexpected_share`` (0 to 1) where images are checked one by one, else None,
        and ``first_unexpected`` (indices into the set, at most 20). The result depends only on the
        arguments, and has plain Python types, fit for JSON.
    """
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("facts")
    found = []
    for split in SETS:
        listed = list(checks(split, facts[split], bounds, classes))
        frame = pd.DataFrame({check.name: [float(check.value)] for check in listed})
        asset = source.add_dataframe_asset(split)
        batch = asset.add_batch_definition_whole_dataframe(split).get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=split, expectations=list(map(_expectation, listed)))
        results: list[Any] = batch.validate(suite).results
        by_name = {result.expectation_config.meta["name"]: result for result in results}
        found += [_result(split, check, by_name[check.name]) for check in listed]
    failed = [f"{result['set']}-{result['name']}" for result in found if not result["success"]]
    return {"success": not failed, "failed": failed, "expectations": found}


def _expectation(check: Check) -> gxe.Expectation:
    return gxe.ExpectColumnValuesToBeBetween(
        column=check.name,
        min_value=check.low,
        max_value=check.high,
        description=check.description,
        meta={"name": check.name},
    )


def _result(split: str, check: Check, result: Any) -> dict[str, Any]:
    if result.exception_info.get("raised_exception", True):
        raise RuntimeError(f"{split}-{check.name} was not checked: {result.exception_info}")
    unexpected = check.unexpected
    share = unexpected.share if unexpected else None
    return {
        "name": check.name,
        "set": split,
        "description": check.description,
        "success": bool(result.success),
        "expected": check.expected,
        "observed": check.observed,
        "unexpected_images": unexpected.images if unexpected else None,
        "unexpected_share": None if share is None else round(share, 8),
        "first_unexpected": unexpected.first if unexpected else [],
    }
