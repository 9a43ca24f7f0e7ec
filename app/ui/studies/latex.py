"""The table of a study's cells in LaTeX; it needs the package ``booktabs`` and no other."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell, StudyOriginal
from app.schemas.study_terms import StudyTerms
from app.ui.studies.cells import cost_of_originals, cost_of_variants
from app.ui.studies.tables import verdict_in_words

_ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_SPECIAL: Final = re.compile("|".join(map(re.escape, _ESCAPES)))
_MISSING: Final = "--"
_HEAD: Final = (
    "cell",
    "$n$",
    "original (\\%)",
    "mean variant",
    "95\\,\\% interval",
    "true $-$ upsampled",
    "95\\,\\% interval",
    "selected",
    "best of $k$\\textsuperscript{o}",
    "luck alone\\textsuperscript{o}",
    "mean variant is",
    "params",
    "FLOPs",
    "time (s)",
)
_HEAD_OF_NETWORKS: Final = ("member", "px", "accuracy (\\%)", "params", "FLOPs", "time (s)")


def escaped(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


def latex_table(study: StudyView) -> str:
    """A ``tabular`` with a row for each cell; gains are in percentage points.

    A study without approaches has a row for each network. Params, FLOPs and training times are
    ``original/variant``. Times stand in ``\\trainingtime``, so that two runs of the same study can
    be compared without them.
    """
    asked = study.request
    about = [
        f"% Isobudget, study of {_one_line(asked.dataset)}, plan {study.plan_hash}",
        f"% {_size(asked)}",
        r"\providecommand{\trainingtime}[1]{#1}",
    ]
    if asked.approaches:
        body = _tabular("lrrrrrrrrrlrrr", _HEAD, map(_row, study.cells))
    else:
        body = _tabular("rrrrrr", _HEAD_OF_NETWORKS, map(_network, study.networks))
    return "\n".join([*about, *body, ""])


def _size(asked: StudyTerms) -> str:
    if not asked.approaches:
        return f"seeds: {asked.seeds}"
    return f"variants: {asked.variants}, seeds: {asked.seeds}; o: optimistic"


def _tabular(columns: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield rf"\begin{{tabular}}{{{columns}}}"
    yield r"\toprule"
    yield " & ".join(head) + r" \\"
    yield r"\midrule"
    for row in rows:
        yield " & ".join(row) + r" \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _network(network: StudyOriginal) -> Iterator[str]:
    yield str(network.member)
    yield str(network.resolution)
    yield _percent(network.accuracy.mean)
    yield _count(network.params)
    yield _count(network.flops)
    yield rf"\trainingtime{{{_seconds(network.seconds)}}}"


def _row(cell: StudyCell) -> Iterator[str]:
    yield escaped(f"{cell.approach}, {cell.resolution} px, {cell.budget}")
    yield str(cell.originals)
    yield _percent(cell.accuracy.mean)
    for found in (cell.mean_variant, cell.true_minus_upsampled):
        yield _gain(found.gain)
        yield _interval(found)
    for found in (cell.selected, cell.best_of_k, cell.best_of_k_null):
        yield _gain(found.gain)
    yield _verdict(cell)
    original, variant = cost_of_originals(cell), cost_of_variants(cell)
    yield f"{_count(original.params)}/{_count(variant.params)}"
    yield f"{_count(original.flops)}/{_count(variant.flops)}"
    yield rf"\trainingtime{{{_seconds(original.seconds)}/{_seconds(variant.seconds)}}}"


def _verdict(cell: StudyCell) -> str:
    """The verdict on the mean variant."""
    verdict = cell.mean_variant.verdict
    return _MISSING if verdict is None else escaped(verdict_in_words(verdict))


def _percent(fraction: float | None) -> str:
    return _MISSING if fraction is None else f"{100 * fraction:.2f}"


def _gain(gain: float | None) -> str:
    return _MISSING if gain is None else f"${100 * gain:+.2f}$"


def _interval(found: Estimate) -> str:
    if found.ci is None:
        return _MISSING
    low, high = (f"{100 * bound:+.2f}" for bound in found.ci)
    return f"$[{low}, {high}]$"


def _count(number: float | None) -> str:
    return _MISSING if number is None else f"{number:.0f}"


def _seconds(seconds: float | None) -> str:
    return _MISSING if seconds is None else f"{seconds:.1f}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
