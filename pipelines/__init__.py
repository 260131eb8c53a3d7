"""Run the stages of ``dvc.yaml`` through Prefect flows and command-line commands."""

from pathlib import Path

PROJECT = Path(__file__).parents[1]
"""The folder of this project's own code; DVC and Git may work on another commit of it."""
PROVENANCE = "models/provenance.json"
"""Records when and where a run trained; it does not affect what the run produces."""
