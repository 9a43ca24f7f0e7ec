"""``isobudget demo``: the whole path on one machine, over HTTP as for any user."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli.answers import FIRST, print_explanation, print_outcome
from app.cli.client import Client, ServiceError
from app.cli.console import ExitCode, fail, notes, out
from app.cli.files import read_json
from app.cli.processes import ChildEndedError
from app.cli.result_tables import results_table
from app.cli.service import log_tails, service
from app.cli.tables import variants_table
from app.cli.work import require_trainer
from app.schemas.variants import VariantView
from app.shipped import example
from app.ui.experiment import Experiment, rows_of
from app.ui.report import render
from app.ui.sentences import best_sentence, headline, selected_sentence
from solver.answers.variants import Explanation

LOG_LINES: Final = 20
REPORT: Final = "report.html"
JOB: Final = {
    "dataset": "digits",
    "variants": {"select": "random", "count": 4, "seed": 0},
    "seeds": 3,
}


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
    try:
        with service(output) as running:
            experiment = _experiment(running.client, search)
            _print_results(experiment)
            _write_report(experiment, output / REPORT)
            if keep_open:
                out.print(f"the API is at {running.url}/docs · stop with Ctrl-C")
                running.children.watch()
    except (ServiceError, ChildEndedError, OSError) as failed:
        for name, lines in log_tails(output, LOG_LINES):
            notes.print(f"── {output / name}", *lines, sep="\n", soft_wrap=True)
        fail(f"the demo failed: {failed}")


def _experiment(client: Client, request: Any) -> Experiment:
    """Search, train, and fetch everything about the job at the end."""
    search = _search(client, request)
    job = _train(client, search["id"])
    trained = [variant["variant_id"] for variant in job["results"]["variants"]]
    original = client.get(f"/v1/architectures/{search['original']['id']}")
    return Experiment(
        search=search,
        job=job,
        runs=list(client.items(f"/v1/jobs/{job['id']}/runs")),
        variants=[client.get(f"/v1/variants/{id_}") for id_ in trained],
        name=original["architecture"]["name"],
    )


def _search(client: Client, request: Any) -> Any:
    """Search for the variants, and show the first of them."""
    posted = client.post("/v1/searches", request)
    *_, search = client.until_ended(f"/v1/searches/{posted['id']}")
    if search["state"] != "succeeded":
        raise ServiceError(f"the search {search['state']}: {search['error']}")
    print_outcome(search["outcome"], search["found"])
    if search["outcome"] == "infeasible":
        print_explanation(Explanation.model_validate(search["explanation"]))
        raise typer.Exit(ExitCode.INFEASIBLE)
    if not search["variants"]:
        raise typer.Exit(ExitCode.TIMED_OUT)
    first = [VariantView.model_validate(variant) for variant in search["variants"][:FIRST]]
    out.print(variants_table(first, f"the first {len(first)} variants"))
    return search


def _train(client: Client, search_id: str) -> Any:
    """Train some variants, and show the progress."""
    posted = client.post("/v1/jobs", {"search_id": search_id, **JOB})
    total = posted["progress"]["runs_total"]
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=out) as bar:
        task = bar.add_task(f"training {total} runs", total=1.0)
        for job in client.until_ended(f"/v1/jobs/{posted['id']}"):
            bar.update(task, completed=job["progress"]["fraction"])
    if job["state"] != "succeeded":
        raise ServiceError(f"the job {job['state']}: {job['error']}")
    return job


def _print_results(experiment: Experiment) -> None:
    out.print(results_table(rows_of(experiment), "accuracy on test images"))
    out.print(headline(experiment), style="bold")
    out.print(selected_sentence(experiment))
    out.print(best_sentence(experiment), style="dim")
    for note in experiment.job["notes"]:
        out.print(f"note: {note}")


def _write_report(experiment: Experiment, path: Path) -> None:
    path.write_text(render(experiment), encoding="utf-8")
    out.print(f"report: {path.resolve()}", soft_wrap=True)
