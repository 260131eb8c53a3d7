"""Check the facts of a data set with Great Expectations; no other file imports it."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from stages.params.dataset import Expectations
from stages.shared.errors import UserError

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.row_conditions import Column

# An outcome names only the first 20 unexpected images.
RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 20}
SETS = {"train": "training", "test": "test"}


class ExpectationError(UserError):
    """The data do not meet the expectations."""


class Check(NamedTuple):
    """An expectation about one set: its texts, and its arguments for Great Expectations."""

    name: str
    description: str
    expected: str
    observed: str
    kind: type[gxe.Expectation]
    arguments: dict[str, Any]


def check_all(facts: pd.DataFrame, bounds: Expectations, classes: Sequence[str]) -> dict[str, Any]:
    """Check every expectation, even if an earlier one failed.

    Args:
        facts: one row for each image, as ``facts.gather`` returns them.
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
        frame = facts[facts["split"] == split].set_index("index")
        checks = list(_checks(split, frame, bounds, classes))
        asset = source.add_dataframe_asset(split)
        batch = asset.add_batch_definition_whole_dataframe(split).get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=split, expectations=list(map(_expectation, checks)))
        results: list[Any] = batch.validate(suite, result_format=RESULT_FORMAT).results
        by_name = {result.expectation_config.meta["name"]: result for result in results}
        found += [_result(split, check, by_name[check.name]) for check in checks]
    failed = [f"{result['set']}-{result['name']}" for result in found if not result["success"]]
    return {"success": not failed, "failed": failed, "expectations": found}


def _expectation(check: Check) -> gxe.Expectation:
    return check.kind(**check.arguments, description=check.description, meta={"name": check.name})


def _result(split: str, check: Check, result: Any) -> dict[str, Any]:
    if result.exception_info.get("raised_exception", True):
        raise RuntimeError(f"{split}-{check.name} was not checked: {result.exception_info}")
    percent = result.result.get("unexpected_percent")
    first = result.result.get("partial_unexpected_index_list", [])
    return {
        "name": check.name,
        "set": split,
        "description": check.description,
        "success": bool(result.success),
        "expected": check.expected,
        "observed": check.observed,
        "unexpected_images": result.result.get("unexpected_count"),
        "unexpected_share": None if percent is None else round(percent / 100, 8),
        "first_unexpected": [int(row["index"]) for row in first],
    }


def _checks(
    split: str, frame: pd.DataFrame, bounds: Expectations, classes: Sequence[str]
) -> Iterator[Check]:
    count = bounds.train_images if split == "train" else bounds.test_images
    for noun, column in (("image", "height"), ("label", "label")):
        yield Check(
            f"{noun}-count",
            f"The {SETS[split]} set has {count:,} {noun}s.",
            f"{count:,}",
            f"{frame[column].count():,}",
            gxe.ExpectTableRowCountToEqual,
            {"value": count, "row_condition": Column(column).is_not_null()},
        )
    for column, adjective, size in (
        ("height", "high", bounds.height),
        ("width", "wide", bounds.width),
    ):
        yield Check(
            column,
            f"Every image is {size} pixels {adjective}.",
            f"{size}",
            _range(frame[column]),
            gxe.ExpectColumnValuesToBeInSet,
            {"column": column, "value_set": [size]},
        )
    labels = list(range(len(classes)))
    yield Check(
        "label-domain",
        "Every label is the number of a class.",
        f"0 to {labels[-1]}",
        _range(frame["label"]),
        gxe.ExpectColumnValuesToBeInSet,
        {"column": "label", "value_set": labels},
    )
    present = set(frame["label"].dropna())
    absent = [name for number, name in enumerate(classes) if number not in present]
    excepted = bounds.absent_from_test if split == "test" else ()
    expected = [number for number in labels if classes[number] not in excepted]
    yield Check(
        "every-class",
        f"Every class occurs: {', '.join(classes[number] for number in expected)}.",
        f"{', '.join(excepted) or 'none'} absent",
        f"{', '.join(absent) or 'none'} absent",
        gxe.ExpectColumnDistinctValuesToContainSet,
        {"column": "label", "value_set": expected},
    )
    low, high = bounds.class_share_minimum, bounds.class_share_maximum
    shares = " to ".join(dict.fromkeys((_percent(low), _percent(high))))
    yield Check(
        "class-share",
        f"Each class has {shares} of the labels.",
        shares,
        _shares(frame, classes),
        gxe.ExpectColumnValuesToBeBetween,
        {"column": "class_share", "min_value": low, "max_value": high},
    )
    missing = frame.loc[frame["height"].notna(), "pixel_minimum"].isna().sum()
    yield Check(
        "pixels-present",
        "No image has a pixel that is not a number.",
        "0 images",
        f"{missing:,} images",
        gxe.ExpectColumnValuesToNotBeNull,
        {"column": "pixel_minimum", "row_condition": Column("height").is_not_null()},
    )
    yield Check(
        "pixel-minimum",
        f"No pixel is below {_number(bounds.pixel_minimum)}.",
        f"{_number(bounds.pixel_minimum)} or more",
        _number(frame["pixel_minimum"].min()),
        gxe.ExpectColumnValuesToBeBetween,
        {"column": "pixel_minimum", "min_value": bounds.pixel_minimum},
    )
    yield Check(
        "pixel-maximum",
        f"No pixel is above {_number(bounds.pixel_maximum)}.",
        f"{_number(bounds.pixel_maximum)} or less",
        _number(frame["pixel_maximum"].max()),
        gxe.ExpectColumnValuesToBeBetween,
        {"column": "pixel_maximum", "max_value": bounds.pixel_maximum},
    )
    flags = [
        ("blank", "blank, with all pixels equal", bounds.blank_share),
        ("duplicate", "the same as an earlier one, pixel for pixel", bounds.duplicate_share),
    ]
    if split == "test":
        flags.append(("leaked", "in the training set too, pixel for pixel", bounds.leaked_share))
    for column, meaning, share in flags:
        amount = f"At most {_percent(share)} of the images are" if share else "No images are"
        yield Check(
            column,
            f"{amount} {meaning}.",
            f"at most {_percent(share)}" if share else "0 images",
            f"{frame[column].sum():,} images",
            gxe.ExpectColumnValuesToBeInSet,
            # 1 - 0.0003 is not the number nearest to 0.9997; the share of 3 in 10,000 is.
            {"column": column, "value_set": [False], "mostly": round(1 - share, 12)},
        )


def _range(values: pd.Series) -> str:
    ends = dict.fromkeys((values.min(), values.max()))
    return " to ".join(map(_number, ends))


def _number(value: float) -> str:
    # For a column without values, pandas returns a missing value.
    return "none" if pd.isna(value) else f"{float(value):,.10g}"


def _shares(frame: pd.DataFrame, classes: Sequence[str]) -> str:
    shares = frame.groupby("label")["class_share"].first().sort_values(kind="stable")
    if shares.empty:
        return "no labels"
    if shares.iloc[0] == shares.iloc[-1]:
        return f"{_percent(shares.iloc[0])} each"
    known = dict(enumerate(classes))
    return " to ".join(
        f"{_percent(shares.iloc[end])} ({known.get(shares.index[end], shares.index[end])})"
        for end in (0, -1)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"
