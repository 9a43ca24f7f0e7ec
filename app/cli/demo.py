"""``isobudget demo``: the whole path on one machine, over HTTP as for any user."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.answers import FIRST, print_explanation, print_outcome
from app.cli.console import ExitCode, out
from app.cli.experiments import experiment_of, write_report
from app.cli.files import read_json
from app.cli.result_tables import results_table
from app.cli.service import failing_in_words, service
from app.cli.tables import variants_table
from app.cli.work import require_trainer
from app.client import Client, Search
from app.client.progress import job_bar
from app.shipped import example
from app.ui.experiment import Experiment, rows_of
from app.ui.sentences import best_sentence, headline, selected_sentence

DATASET: Final = "digits"
VARIANTS: Final = 4
SEEDS: Final = 3


def demo(
    output: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the database, logs and report.")
    ] = Path("demo-output"),
    request: Annotated[
        str | None, typer.Option(metavar="FILE", help="A search request instead of the example.")
    ] = None,
    keep_open: Annotated[
        bool, typer.Option(help="Leave the API running after the report, until Ctrl-C.")
    ] = False,
) -> None:
    """Find variants of a small CNN, train five networks on digits, and write an HTML report.

    Starts an API and a worker of its own on a fresh SQLite file, and stops both at the end.
    """
    require_trainer()
    search = example("digits-search") if request is None else read_json(request)
    with failing_in_words("the demo", output), service(output) as running:
        experiment = _experiment(running.client, search)
        _print_results(experiment)
        path = write_report(experiment, output)
        out.print(f"report: {path}", soft_wrap=True)
        if keep_open:
            out.print(f"the API is at {running.url}/docs · stop with Ctrl-C")
            running.children.watch()


def _experiment(client: Client, request: Any) -> Experiment:
    """Search, train, and fetch everything about the job at the end."""
    search = _search(client, request)
    job = client.train(search, DATASET, variants=VARIANTS, seeds=SEEDS)
    with job_bar(out) as show:
        job.wait(progress=show)
    return experiment_of(client, search, job)


def _search(client: Client, request: Any) -> Search:
    """Search for the variants, and show the first of them."""
    search = client.search_request(request)
    assert search.outcome is not None
    print_outcome(search.outcome, search.found)
    if search.outcome == "infeasible":
        print_explanation(search.explanation)
        raise typer.Exit(ExitCode.INFEASIBLE)
    first = [variant.view for variant in islice(search.variants(), FIRST)]
    if not first:
        raise typer.Exit(ExitCode.TIMED_OUT)
    out.print(variants_table(first, f"the first {len(first)} variants"))
    return search


def _print_results(experiment: Experiment) -> None:
    out.print(results_table(rows_of(experiment), "accuracy on test images"))
    out.print(headline(experiment), style="bold")
    out.print(selected_sentence(experiment))
    out.print(best_sentence(experiment), style="dim")
    for note in experiment.job.notes:
        out.print(f"note: {note}")
