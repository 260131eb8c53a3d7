"""Flows and commands around the stages of ``dvc.yaml``."""

from pathlib import Path

PROJECT = Path(__file__).parents[1]
"""Where Python finds this project, for DVC and Git may work on another commit of it."""
PROVENANCE = "models/provenance.json"
"""When and where a run trained; it decides nothing about what the run produced."""
