"""Print the states of the data set's sources.

``python -m stages.tools.states --params params.yaml``.

This is not a stage. The flow that watches for new data runs it.
"""

import json

import typer

from stages.dataset.states import read_states
from stages.params.file import read_params
from stages.shared.command import PathOption, run


def main(params: PathOption) -> None:
    """Print one line of JSON: the chosen ``dataset`` and the ``states`` of its sources.

    A source that cannot be reached is skipped with a line on standard error.
    """
    parameters = read_params(params)
    dataset = parameters.chosen_dataset
    names = [file.name for _, file in dataset.files]
    states = read_states(names, dataset.sources, lambda line: typer.echo(line, err=True))
    typer.echo(json.dumps({"dataset": parameters.dataset, "states": states}))


if __name__ == "__main__":
    run(main)
