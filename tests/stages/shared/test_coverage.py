import numpy as np

from stages.shared.coverage import coverage


def covered(accuracy: float, *answers: tuple[float, bool]) -> tuple[float, float]:
    confidence, right = zip(*answers, strict=True)
    return coverage(np.array(confidence), np.array(right), accuracy)


def test_it_takes_the_most_confident_answers_as_long_as_they_are_right_enough() -> None:
    answers = (0.6, False), (0.9, True), (0.7, True), (0.8, False), (0.95, True)

    assert covered(1, *answers) == (0.4, 0.9)
    # Of the first four, three are right.
    assert covered(0.75, *answers) == (0.8, 0.7)
    assert covered(0.6, *answers) == (1, 0.6)


def test_it_does_not_tell_answers_of_equal_confidence_apart() -> None:
    assert covered(1, (0.9, True), (0.9, False), (0.8, True)) == (0, 1)


def test_no_answer_may_be_right_enough() -> None:
    assert covered(0.999, (0.9, False)) == (0, 1)
