"""measures of variants, and retries of jobs.

What follows from a variant's unknowns is stored beside them. Older variants are measured here.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from pydantic_core import from_json

revision: str = "a3c61f0d8e57"
down_revision: str | None = "8c3e5a17f6d2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MEASURES: dict[str, sa.types.TypeEngine[Any]] = {
    "macs": sa.BigInteger(),
    "activations": sa.BigInteger(),
    "coverage": sa.Double(),
    "receptive_field": sa.BigInteger(),
}
COUNTERS = {"jobs": ["retries"], "job_runs": ["retry", "epochs_before"]}
TRAINED = "ix_job_runs_search_id_variant_position"


def upgrade() -> None:
    for name, kind in MEASURES.items():
        op.add_column("variants", sa.Column(name, kind, nullable=True))
    _measure_variants()
    with op.batch_alter_table("variants", schema=None) as batch_op:
        for name, kind in MEASURES.items():
            batch_op.alter_column(name, existing_type=kind, nullable=False)
    for table, names in COUNTERS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
            op.execute(f"UPDATE {table} SET {name} = 0")
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)
    op.create_index(TRAINED, "job_runs", ["search_id", "variant_position"])


def downgrade() -> None:
    op.drop_index(TRAINED, "job_runs")
    for table, names in COUNTERS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
    with op.batch_alter_table("variants", schema=None) as batch_op:
        for name in MEASURES:
            batch_op.drop_column(name)


def _measure_variants() -> None:
    searches = sa.text(
        "SELECT searches.id, request, document FROM searches"
        " JOIN architectures ON architectures.id = architecture_id"
        " WHERE EXISTS (SELECT 1 FROM variants WHERE search_id = searches.id)"
    )
    for search_id, request, document in op.get_bind().execute(searches).all():
        _measure(search_id, _document(request), _document(document))


def _measure(search_id: str, request: Any, document: Any) -> None:
    """Measure the variants of one search. What is imported here, no other migration needs."""
    import numpy as np

    from app.schemas.search_terms import SearchTerms
    from solver.answers.measures import measured
    from solver.approaches import APPROACHES
    from solver.network.architecture import Architecture
    from solver.problem import Problem
    from solver.variation.numbers import Columns

    question = SearchTerms.model_validate(request).question
    problem = Problem.of(question, Architecture.model_validate(document))
    found = op.get_bind().execute(
        sa.text("SELECT position, unknowns FROM variants WHERE search_id = :id"), {"id": search_id}
    )
    positions, unknowns = zip(*((it, _document(values)) for it, values in found), strict=True)
    values = np.array(unknowns, np.int64).T
    symbols = APPROACHES[problem.approach].symbols
    columns = Columns(problem.template, dict(zip(symbols, values, strict=True)))
    table = measured(problem.template, columns.chunks(), count_pooling=problem.count_pooling)
    shares = (np.array(table["rows_read"]) / columns["N"]).tolist()
    rows = zip(
        positions,
        table["macs"],
        table["activations"],
        shares,
        table["receptive_field"],
        strict=True,
    )
    names = ("position", *MEASURES)
    op.get_bind().execute(
        sa.text(
            "UPDATE variants SET macs = :macs, activations = :activations, coverage = :coverage,"
            " receptive_field = :receptive_field"
            " WHERE search_id = :search_id AND position = :position"
        ),
        [{"search_id": search_id, **dict(zip(names, row, strict=True))} for row in rows],
    )


def _document(value: Any) -> Any:
    """A document, which one driver reads and the other does not."""
    return from_json(value) if isinstance(value, str) else value
