"""Score the trials of a search, one after another in this process or on a cluster."""

from collections.abc import Iterator, Sequence

from tqdm import tqdm

from stages.search.cluster import scores_on
from stages.search.cross_validation import content, keep, kept, score
from stages.search.trials import Score, Study, Trial


def scored(
    study: Study, groups: Sequence[Sequence[Trial]], cluster: str, title: str
) -> Iterator[tuple[int, list[Score]]]:
    """Score groups of trials, with one progress bar; a score that is known is not measured again.

    Args:
        study: what all trials have in common.
        groups: what to train.
        cluster: ``none`` for this process, or as for ``scores_on``.
        title: of the progress bar.

    Yields:
        The position of a group and the scores of its trials, once all of them are known.

    Raises:
        ClusterError: the cluster cannot be reached, or cannot score a trial.
        TrainingError: a training cannot continue.
        NetworkError: a network does not fit the images.
    """
    places = [(number, place) for number, group in enumerate(groups) for place in range(len(group))]
    trials = [groups[number][place] for number, place in places]
    found: list[dict[int, Score]] = [{} for _ in groups]
    with tqdm(total=len(trials), desc=title, unit="trial") as bar:
        for position, one in _scores(study, trials, cluster):
            number, place = places[position]
            found[number][place] = one
            bar.update()
            if len(found[number]) == len(groups[number]):
                yield number, [found[number][place] for place in range(len(groups[number]))]


def _scores(study: Study, trials: Sequence[Trial], cluster: str) -> Iterator[tuple[int, Score]]:
    if cluster == "none":
        for position, trial in enumerate(trials):
            yield position, score(study, trial)
        return
    # Two trials of the same content are one training.
    positions: dict[str, list[int]] = {}
    for position, trial in enumerate(trials):
        positions.setdefault(content(study, trial), []).append(position)
    missing = {}
    for key, of_key in positions.items():
        known = kept(study, key)
        if known:
            yield from ((position, known) for position in of_key)
        else:
            missing[key] = trials[of_key[0]]
    if missing:
        for key, one in scores_on(cluster, study, missing):
            keep(study, key, one)
            yield from ((position, one) for position in positions[key])
