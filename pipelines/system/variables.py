"""Choose the environment variables of the programs that the project starts."""

import os

# Git sets these in its hooks, and they point every other Git to the hook's repository and index.
# `git rev-parse --local-env-vars` lists them, and two that only carry configuration.
_OF_ONE_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


def environment_for_programs() -> dict[str, str]:
    """Return this process's environment without what ties Git to another repository."""
    return {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
