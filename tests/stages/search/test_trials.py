from distributed.protocol.serialize import deserialize, serialize

from stages.params.recipe import Recipe
from stages.search.trials import Study, Trial


def test_what_dask_sends_to_a_worker_arrives_as_it_was(study: Study, recipe: Recipe) -> None:
    sent = study, Trial(recipe, fold=1, images=100)

    assert deserialize(*serialize(sent)) == sent
