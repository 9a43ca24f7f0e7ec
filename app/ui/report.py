"""The report of a job: one HTML file that needs no other file, no network and no script."""

from collections.abc import Iterator
from importlib.resources import files

from app.schemas.job_terms import JobTerms
from app.schemas.requests import HalvingSelection, RandomSelection, Selection, WholeSelection
from app.ui.charts.job import charts
from app.ui.experiment import Experiment, rows_of
from app.ui.pages import PAGES
from app.ui.sentences import (
    best_sentence,
    budget_of,
    headline,
    selected_sentence,
)
from solver.problem import Question


def render(experiment: Experiment) -> str:
    """Make the page from the API's answers about a job."""
    request, rows = experiment.search.request, rows_of(experiment)
    return PAGES.get_template("report.html").render(
        name=experiment.name or "An architecture",
        budget=budget_of(request),
        job=experiment.job,
        headline=headline(experiment),
        selected=selected_sentence(experiment),
        best=best_sentence(experiment),
        rows=rows,
        charts=list(charts(rows, experiment.curves)),
        asked=dict(asked_of(experiment)),
        done=dict(_done(experiment)),
        style=(files("app.ui") / "static/plots.css").read_text(encoding="utf-8"),
    )


def asked_of(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The names and values of what the user asked for."""
    search, request, job = experiment.search, experiment.search.request, experiment.job
    original = search.original
    counts, wanted = original.counts, job.request
    yield (
        "Original",
        f"{original.resolution} px, {counts.params:,} parameters, {counts.flops:,} FLOPs",
    )
    yield "Variants", f"approach {request.approach}, with {budget_of(request)}"
    yield "Counted", _scope(request)
    if sizes := request.ranges.resolution:
        yield "Resolutions", f"{sizes.low} to {sizes.high} px"
    yield "Found", f"{search.found:,} ({search.outcome})"
    yield "Trained on", f"{wanted.dataset}, {wanted.epochs} epochs, recipe {_recipe(wanted)}"
    if images := _images(wanted):
        yield "Images", images
    yield "Chosen", _selection(wanted.variants)


def _scope(request: Question) -> str:
    scopes = {"network": "over the whole network", "paper": "by the paper's equation"}
    below, above = request.tolerance.below, request.tolerance.above
    band = f", at most {below:.2%} below and {above:.2%} above" if below or above else ", exactly"
    return scopes[request.scope] + band


def _recipe(wanted: JobTerms) -> str:
    recipe = wanted.recipe
    return f"{recipe.name} ({recipe.optimizer}, batches of {recipe.batch_size})"


def _images(wanted: JobTerms) -> str:
    """What is special about the images; empty if all are used as they are."""
    few = wanted.training_images
    parts = [f"{few:,} to train on"] if few is not None else []
    if wanted.inputs == "upsampled":
        parts.append("variants see no more detail than the original")
    return ", ".join(parts)


def _selection(variants: Selection) -> str:
    match variants:
        case RandomSelection(count=count, seed=seed):
            return f"{count} variants at random (seed {seed})"
        case HalvingSelection(ids=[*ids]):
            return f"the best of {len(ids)} variants that were named, by successive halving"
        case HalvingSelection(count=count, seed=seed):
            return f"the best of {count} variants at random (seed {seed}), by successive halving"
        case WholeSelection():
            return "all variants"
        case _:
            return "variants by their ids"


def _done(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The names and values of what the job has done."""
    job, runs = experiment.job, experiment.runs
    progress = job.progress
    networks = len({run.network for run in runs})
    yield "Networks", f"{networks}, with {job.request.seeds} seeds each"
    yield "Runs", f"{progress.runs_done} of {progress.runs_total} ended; {job.state}"
    yield "Training", f"{sum(run.seconds or 0 for run in runs):.1f} s in all"
    if reused := sum(run.reused for run in runs):
        yield "Reused", f"{reused} runs that earlier jobs had trained"
    if job.finished_at:
        yield "Finished", f"{job.finished_at:%Y-%m-%d %H:%M} UTC"
    yield "Job", job.id
