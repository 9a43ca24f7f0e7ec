"""The table of a job's results for terminals."""

from collections.abc import Iterable

from rich.table import Table

from app.cli.tables import empty_table
from app.ui.experiment import Row
from app.ui.sentences import percent, points


def results_table(rows: Iterable[Row], title: str) -> Table:
    """One line for each trained network."""
    table = empty_table(title, "network px> params> accuracy> ±sd> seeds> gain> remarks")
    for row in rows:
        table.add_row(
            row.label,
            str(row.resolution),
            "–" if row.params is None else f"{row.params:,}",
            percent(row.mean),
            percent(row.sd),
            str(row.n),
            points(row.gain),
            ", ".join(row.remarks),
        )
    return table
