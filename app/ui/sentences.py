"""A job's results in sentences that claim no more than the numbers show."""

from typing import Final

from app.ui.experiment import Experiment, label_of
from solver.problem import Budget, Question, Scope
from solver.variation.tolerance import Tolerance

_BUDGETS: Final = {
    "params": "the same number of parameters",
    "flops": "the same number of FLOPs",
    "both": "the same numbers of parameters and FLOPs",
}


def budget_of(request: Question) -> str:
    """The budget of a search in words: which numbers stay the same, or about the same."""
    words = budget_in_words(request.budget, request.tolerance, request.scope)
    return words.replace("FLOPs", "multiply-adds") if request.count == "macs" else words


def budget_in_words(budget: Budget, tolerance: Tolerance, scope: Scope) -> str:
    """Which numbers stay the same, or about the same."""
    about = "about " if tolerance.below or tolerance.above else ""
    by = " by the paper’s equation" if scope == "paper" else ""
    return about + _BUDGETS[budget] + by


def headline(experiment: Experiment) -> str:
    """The mean variant against the original, in a sentence that claims no more than it shows."""
    mean = experiment.results.mean_variant
    if mean is None:
        return (
            "There is no mean variant: by halving, only the best variants are trained to the end."
        )
    if mean.gain is None:
        return "There is no result yet: not every network has a finished run."
    side = "above" if mean.gain >= 0 else "below"
    found = f"the mean variant is {_size(mean.gain)} {side} the original"
    if mean.ci is None:
        return (
            f"{found[0].upper()}{found[1:]}. There is no interval, which takes two seeds of every "
            "network and two variants, so this may be chance."
        )
    low, high = mean.ci
    between = interval(mean.ci)
    if mean.verdict == "equivalent":
        return f"No difference beyond one percentage point: {found}, {between}, for this original."
    if low <= 0 <= high:
        return f"No difference is shown: {found}, and the {between} contains 0."
    verb = "gain" if low > 0 else "lose"
    budget = budget_of(experiment.search.request)
    return f"Larger images {verb} accuracy at {budget}, for this original: {found} ({between})."


def selected_sentence(experiment: Experiment) -> str:
    """The gain of a user who trains the variants and keeps the one that is best on validation."""
    selected = experiment.results.selected
    if selected.gain is None or selected.variant_id is None:
        return "No variant can be selected yet."
    between = f" ({interval(selected.ci)})" if selected.ci else ""
    label = label_of(experiment, selected.variant_id)
    return (
        f"Selected: {label}, the best on validation images, scores {points(selected.gain)} "
        f"on test images against the original{between}."
    )


def best_sentence(experiment: Experiment) -> str:
    """The best of k on the test images, with its warning."""
    best = experiment.results.best_of_k
    if best.gain is None or best.variant_id is None:
        return "No variant is best yet."
    label = label_of(experiment, best.variant_id)
    tested = [variant for variant in experiment.results.variants if variant.accuracy.n]
    return (
        f"Best of {len(tested)}: {label}, with {points(best.gain)}. "
        "This is optimistic: it is chosen on the very images that score it, so luck alone makes "
        "it look good."
    )


def interval(ci: tuple[float, float], places: int = 1) -> str:
    """``(0.006, 0.031)`` as ``95% interval +0.6 to +3.1 pp``."""
    low, high = ci
    return f"95% interval {points(low, '', places)} to {points(high, places=places)}"


def percent(fraction: float | None, places: int = 1) -> str:
    """``0.931`` as ``93.1%``; a dash where it is unknown."""
    return "–" if fraction is None else f"{fraction:.{places}%}".replace("-", "−")


def points(gain: float | None, unit: str = " pp", places: int = 1) -> str:
    """``-0.019`` as ``−1.9 pp``: percentage points, with their sign."""
    return "–" if gain is None else f"{100 * gain:+.{places}f}{unit}".replace("-", "−")


def _size(gain: float) -> str:
    return f"{abs(100 * gain):.1f} percentage points"
