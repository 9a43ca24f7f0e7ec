import pytest

from app.experiments.inference import Inference, Part
from trainer.statistics.verdicts import verdict


@pytest.mark.parametrize("gain", [0.02, -0.02, 0.001])
def test_a_difference_is_shown_where_the_interval_leaves_out_zero(gain: float) -> None:
    found = Inference(gain, (Part(0.004**2, 8),))
    low, high = found.interval()

    said = verdict(gain, found.p, found.equivalence_p())

    assert (said in ("better", "worse")) == (not low <= 0 <= high)
    assert (found.p < 0.05) == (not low <= 0 <= high)


@pytest.mark.parametrize(
    ("gain", "error", "said"),
    [
        (0.02, 0.004, "better"),
        (-0.02, 0.004, "worse"),
        (0.0, 0.004, "equivalent"),
        (0.004, 0.003, "equivalent"),
        (0.009, 0.005, "not_decided"),
        (0.0, 0.02, "not_decided"),
    ],
)
def test_the_verdict_is_one_of_four(gain: float, error: float, said: str) -> None:
    found = Inference(gain, (Part(error**2, 8),))

    assert verdict(gain, found.p, found.equivalence_p()) == said
