"""studies.

A study asks for runs as a job does, and refers to many searches.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5d0e92c7b314"
down_revision: str | None = "7c3e51aa0b92"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
STATES = "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')"
PHASES = "phase IN ('counting', 'searching', 'training', 'ended')"
PLANNING = sa.text("phase IN ('counting', 'searching')")


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("request", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("phase", sa.String(10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grid", DOCUMENT, nullable=False),
        sa.Column("feasibility", DOCUMENT, nullable=False),
        sa.Column("plan", DOCUMENT, nullable=True),
        sa.Column("results", DOCUMENT, nullable=True),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", DOCUMENT, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_studies_state")),
        sa.CheckConstraint(PHASES, name=op.f("ck_studies_phase")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
    )
    op.create_index(op.f("ix_studies_content_hash"), "studies", ["content_hash"])
    op.create_index("ix_studies_created_at_id", "studies", ["created_at", "id"])
    for name, condition in (("stale", sa.text("stale")), ("planning", PLANNING)):
        op.create_index(
            f"ix_studies_{name}",
            "studies",
            ["created_at"],
            postgresql_where=condition,
            sqlite_where=condition,
        )
    op.create_table(
        "study_searches",
        sa.Column("study_id", sa.String(40), nullable=False),
        sa.Column("search_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["studies.id"],
            name=op.f("fk_study_searches_study_id_studies"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["search_id"], ["searches.id"], name=op.f("fk_study_searches_search_id_searches")
        ),
        sa.PrimaryKeyConstraint("study_id", "search_id", name=op.f("pk_study_searches")),
    )
    op.create_index(op.f("ix_study_searches_search_id"), "study_searches", ["search_id"])
    op.create_table(
        "study_runs",
        sa.Column("study_id", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_epochs", sa.Integer(), nullable=False),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["studies.id"],
            name=op.f("fk_study_runs_study_id_studies"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_study_runs_run_id_runs")),
        sa.PrimaryKeyConstraint("study_id", "run_id", name=op.f("pk_study_runs")),
        sa.UniqueConstraint("study_id", "position", name=op.f("uq_study_runs_study_id")),
    )
    op.create_index(op.f("ix_study_runs_run_id"), "study_runs", ["run_id"])


def downgrade() -> None:
    """Cancel the runs that only studies want, and drop the studies."""
    op.execute(
        "UPDATE runs SET state = 'cancelled', lease_expires_at = NULL,"
        " finished_at = CURRENT_TIMESTAMP"
        " WHERE state IN ('queued', 'running') AND id IN (SELECT run_id FROM study_runs)"
        " AND NOT EXISTS (SELECT 1 FROM job_runs JOIN jobs ON jobs.id = job_id"
        " WHERE run_id = runs.id AND jobs.state IN ('queued', 'running'))"
    )
    for name in ("study_runs", "study_searches", "studies"):
        op.drop_table(name)
