"""The documentation agrees with the project, and its links resolve."""

import re

import pytest

from tests.helpers import ROOT
from tests.project.documents import DOCUMENTS, PARAMETERS, README, STAGES, one_line

# Of a stage's entry: where its outputs are listed.
KINDS = ("outs", "metrics", "plots")


def anchors(text: str) -> set[str]:
    """Give the names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def resolved(output: str) -> str:
    """Put the parameter in, where the name of an output has one."""
    return output.replace("${handwriting.folder}", PARAMETERS.handwriting.folder)


def test_the_picture_of_the_pipeline_is_that_of_dvc_yaml() -> None:
    makers = {
        next(iter(output)) if isinstance(output, dict) else output: stage
        for stage, entry in STAGES.items()
        for kind in KINDS
        for output in entry.get(kind, [])
    }
    edges = {
        (makers[dep], stage)
        for stage, entry in STAGES.items()
        for dep in entry["deps"]
        if dep in makers
    }

    picture = README.partition("```mermaid")[2].partition("```")[0]

    assert set(re.findall(r"(\w+) --> (\w+)", picture)) == edges


def test_every_make_command_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    sources = [
        path.read_text()
        for package in ("pipelines", "stages", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
    ]
    everything = "\n".join([*DOCUMENTS.values(), *sources])
    named = set(re.findall(r"(?:^|[`:] ?)make ([a-z][a-z-]*)", everything, re.MULTILINE))

    assert {"repro", "test", "check", "bench"} <= named <= targets


def test_the_trainings_of_another_machine_are_those_of_dvc_yaml() -> None:
    section = DOCUMENTS["docs/workers.md"].partition("## Train on several machines together")[2]
    found = re.findall(r"^python -m stages (?:.*\\\n)*.*$", section, re.MULTILINE)

    assert [" ".join(command.replace("\\", "").split()) for command in found] == [
        one_line(STAGES[stage]["cmd"]) for stage in ("train", "retrain")
    ]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 160


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_relative_link_resolves(name: str) -> None:
    links = [
        link
        for link in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name])
        if not link.startswith(("http://", "https://", "mailto:"))
    ]

    assert name != "README.md" or links
    for link in links:
        file, _, anchor = link.partition("#")
        target = (ROOT / name).parent / file if file else ROOT / name
        assert target.resolve().is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link
