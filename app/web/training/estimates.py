"""What a job's variants gain, by three readings, each with its meaning in a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.schemas.results import BestOfK, Gain
from app.ui.experiment import Experiment
from app.ui.sentences import best_sentence, headline, points, selected_sentence
from app.ui.studies.cells import ESTIMATES
from app.ui.studies.tables import p_in_words, verdict_in_words


@dataclass(frozen=True)
class EstimateRow:
    """An estimate, and what it means."""

    name: str
    gain: str
    interval: str
    p: str
    verdict: str
    meaning: str


def estimates(experiment: Experiment) -> Iterator[EstimateRow]:
    """Yield those of which something is known."""
    results = experiment.results
    if results.mean_variant is not None and results.mean_variant.gain is not None:
        yield _estimate("mean_variant", results.mean_variant, headline(experiment))
    if results.selected.gain is not None:
        yield _estimate("selected", results.selected, selected_sentence(experiment))
    if results.best_of_k.gain is not None:
        yield _estimate("best_of_k", results.best_of_k, best_sentence(experiment))


def _estimate(name: str, found: Gain | BestOfK, meaning: str) -> EstimateRow:
    if isinstance(found, BestOfK):
        return EstimateRow(ESTIMATES[name], points(found.gain), "–", "–", "optimistic", meaning)
    between = " to ".join(points(end, "") for end in found.ci or ())
    return EstimateRow(
        name=ESTIMATES[name],
        gain=points(found.gain),
        interval=between or "–",
        p=p_in_words(found.p),
        verdict=verdict_in_words(found.verdict),
        meaning=meaning,
    )
