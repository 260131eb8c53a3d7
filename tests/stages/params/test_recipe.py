from typing import Any

from stages.params.recipe import Recipe


def test_a_recipe_needs_no_value_that_turns_something_off() -> None:
    recipe: dict[str, Any] = {
        "seed": 1,
        "split": {"strategy": "tail", "validation_images": 1},
        "network": {"convolutions": (), "dense_units": 16},
        "training": {
            "epochs": 1,
            "batch_size": 1,
            "shuffle": False,
            "learning_rate": 0.1,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-8,
        },
    }

    full = Recipe.model_validate(recipe)

    assert Recipe.model_validate(full.model_dump()) == full
    assert full.training.augmentation.interpolation == "bilinear"
