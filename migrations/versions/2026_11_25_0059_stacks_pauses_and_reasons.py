"""stacks, pauses and reasons.

The seeds of a network are trained at once (``stack``), each run up to its target epoch
(``target_epochs``). A run that failed names its kind of failure.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)

revision: str = "b1f6a9d27c30"
down_revision: str | None = "5d0f3a1c9b62"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = "'queued', 'running', 'succeeded', 'failed', 'cancelled'"
FAILURES = (
    "'diverged', 'out_of_memory', 'no_space', 'dataset_missing', 'dataset_changed', "
    "'broken_image', 'data_mismatch', 'resolution_too_high', 'count_mismatch', 'unreadable', 'lost', 'error'"
)
QUEUED = sa.text("state = 'queued'")

runs = sa.table(
    "runs",
    sa.column("id", sa.String),
    sa.column("stack", sa.String),
    sa.column("recipe", DOCUMENT),
    sa.column("target_epochs", sa.Integer),
    sa.column("epochs_done", sa.Integer),
    sa.column("state", sa.String),
    sa.column("failure", sa.String),
    sa.column("error", sa.String),
    sa.column("finished_at", sa.DateTime(timezone=True)),
)
job_runs = sa.table(
    "job_runs", sa.column("run_id", sa.String), sa.column("target_epochs", sa.Integer)
)
epochs = sa.table("epochs", sa.column("run_id", sa.String), sa.column("epoch", sa.Integer))
jobs = sa.table(
    "jobs",
    sa.column("id", sa.String),
    sa.column("results", DOCUMENT),
    sa.column("rungs", DOCUMENT),
    sa.column("stale", sa.Boolean),
)


def upgrade() -> None:
    for column in (
        sa.Column("stack", sa.String(length=40)),
        sa.Column("training_images", sa.Integer()),
        sa.Column("detail", sa.Integer()),
        sa.Column("target_epochs", sa.Integer()),
        sa.Column("epochs_done", sa.Integer()),
        sa.Column("failure", sa.String(length=20)),
    ):
        op.add_column("runs", column)
    op.add_column("job_runs", sa.Column("target_epochs", sa.Integer()))
    op.add_column("jobs", sa.Column("rungs", DOCUMENT))
    _fill()
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.alter_column("stack", existing_type=sa.String(length=40), nullable=False)
        batch_op.alter_column("target_epochs", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("epochs_done", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(op.f("ck_runs_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_runs_state"), f"state IN ({STATES}, 'paused')")
        batch_op.create_check_constraint(op.f("ck_runs_failure"), f"failure IN ({FAILURES})")
        batch_op.create_check_constraint(
            op.f("ck_runs_failed_runs_say_why"), "(state = 'failed') = (failure IS NOT NULL)"
        )
        batch_op.create_check_constraint(op.f("ck_runs_target_epochs"), "target_epochs >= 1")
        batch_op.drop_index("ix_runs_queued", postgresql_where=QUEUED, sqlite_where=QUEUED)
        batch_op.create_index(
            "ix_runs_queued",
            ["created_at", "position", "id", "stack", "target_epochs"],
            unique=False,
            postgresql_where=QUEUED,
            sqlite_where=QUEUED,
        )
        batch_op.create_index(
            "ix_runs_stacks",
            ["stack", "target_epochs", "created_at", "position", "id"],
            unique=False,
            postgresql_where=QUEUED,
            sqlite_where=QUEUED,
        )
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.alter_column("target_epochs", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.alter_column("rungs", existing_type=DOCUMENT, nullable=False)


def _fill() -> None:
    """Write what older rows meant: each run was trained by itself, and to the end."""
    measured = (
        sa.select(sa.func.coalesce(sa.func.max(epochs.c.epoch), 0))
        .where(epochs.c.run_id == runs.c.id)
        .scalar_subquery()
    )
    given_up = runs.c.error.startswith("given up after")
    op.execute(
        runs.update().values(
            stack=runs.c.id,
            target_epochs=runs.c.recipe["epochs"].as_integer(),
            epochs_done=measured,
            failure=sa.case(
                (sa.and_(runs.c.state == "failed", given_up), "lost"),
                (runs.c.state == "failed", "error"),
            ),
        )
    )
    wanted = sa.select(runs.c.target_epochs).where(runs.c.id == job_runs.c.run_id).scalar_subquery()
    op.execute(job_runs.update().values(target_epochs=wanted))
    op.execute(jobs.update().values(rungs=[]))


def downgrade() -> None:
    _empty()
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("rungs")
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.drop_column("target_epochs")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_stacks", postgresql_where=QUEUED, sqlite_where=QUEUED)
        batch_op.drop_index("ix_runs_queued", postgresql_where=QUEUED, sqlite_where=QUEUED)
        batch_op.create_index(
            "ix_runs_queued",
            ["created_at", "position"],
            unique=False,
            postgresql_where=QUEUED,
            sqlite_where=QUEUED,
        )
        for name in ("state", "failure", "failed_runs_say_why", "target_epochs"):
            batch_op.drop_constraint(op.f(f"ck_runs_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_runs_state"), f"state IN ({STATES})")
        for column in (
            "failure",
            "epochs_done",
            "target_epochs",
            "detail",
            "training_images",
            "stack",
        ):
            batch_op.drop_column(column)


def _empty() -> None:
    """Remove everything that the older schema cannot express.

    Results of a job that chose by halving are dropped; whoever settles the job makes them anew.
    """
    op.execute(
        runs.update()
        .where(runs.c.state == "paused")
        .values(state="cancelled", finished_at=sa.func.current_timestamp())
    )
    connection = op.get_bind()
    for id_, results in connection.execute(sa.select(jobs.c.id, jobs.c.results)).all():
        if results is None:
            continue
        halving = results.pop("halving", None)
        kept = {"results": None, "stale": True} if halving else {"results": results}
        connection.execute(jobs.update().where(jobs.c.id == id_).values(**kept))
