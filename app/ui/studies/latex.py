"""The table of a study's cells in LaTeX; it needs the package ``booktabs`` and no other."""

import re
from collections.abc import Iterator
from typing import Final

from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell
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


def escaped(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


def latex_table(study: StudyView) -> str:
    """A ``tabular`` with a row for each cell; gains are in percentage points.

    Params, FLOPs and training times are ``original/variant``. Times stand in ``\\trainingtime``,
    so that two runs of the same study can be compared without them.
    """
    rows = [" & ".join(_row(cell)) + r" \\" for cell in study.cells]
    asked = study.request
    return "\n".join(
        [
            f"% Isobudget, study of {_one_line(asked.dataset)}, plan {study.plan_hash}",
            f"% {asked.variants} variants, {asked.seeds} seeds; o: optimistic",
            r"\providecommand{\trainingtime}[1]{#1}",
            rf"\begin{{tabular}}{{l{'r' * 9}l{'r' * 3}}}",
            r"\toprule",
            " & ".join(_HEAD) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _row(cell: StudyCell) -> Iterator[str]:
    yield escaped(f"{cell.approach}, {cell.resolution} px, {cell.budget}")
    yield str(cell.originals)
    yield _MISSING if cell.accuracy.mean is None else f"{100 * cell.accuracy.mean:.2f}"
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
