"""All files that a study is published with."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.ui.studies.figures.capacity import capacity
from app.ui.studies.figures.drawing import draw, draw_svg, for_page
from app.ui.studies.figures.originals import originals
from app.ui.studies.figures.resolutions import resolutions
from app.ui.studies.latex import latex_table
from app.ui.studies.report import render
from app.ui.studies.runs import runs_in

_OF_CELLS: Final[dict[str, Callable[[StudyView], Figure]]] = {
    "fig3": resolutions,
    "fig4": originals,
}
_OF_NETWORKS: Final[dict[str, Callable[[StudyView], Figure]]] = {"fig1": capacity}

REPORT: Final = "report.html"


def files_of(study: StudyView, results_csv: bytes) -> dict[str, bytes]:
    """The report, the figures, the table of runs, the LaTeX table and the plan, by file name."""
    drawn = {name: draw(name, make, study) for name, make in _figures(study).items()}
    svgs = {name: figure.svg for name, figure in drawn.items()}
    return {
        REPORT: _report(study, results_csv, svgs).encode(),
        **{f"{name}.svg": figure.svg.encode() for name, figure in drawn.items()},
        **{f"{name}.png": figure.png for name, figure in drawn.items()},
        "runs.csv": results_csv,
        "table.tex": latex_table(study).encode(),
        "plan.json": _plan(study).encode(),
    }


def report_of(study: StudyView, results_csv: bytes) -> str:
    """The report alone."""
    figures = _figures(study).items()
    return _report(study, results_csv, {name: draw_svg(name, it, study) for name, it in figures})


def _figures(study: StudyView) -> dict[str, Callable[[StudyView], Figure]]:
    return _OF_CELLS if study.request.approaches else _OF_NETWORKS


def _report(study: StudyView, results_csv: bytes, svgs: Mapping[str, str]) -> str:
    in_page = {name: for_page(svg) for name, svg in svgs.items()}
    return render(study, runs_in(results_csv.decode()), in_page)


def _plan(study: StudyView) -> str:
    """What was asked and what was drawn, with the hash of the first; the same each time."""
    whole = study.model_dump(
        mode="json", include={"plan_hash", "request", "grid", "feasibility", "plan"}
    )
    return json.dumps(whole, indent=1) + "\n"
