"""Studies: what was asked, the plan that a server draws, and what came out."""

from app.db.studies.leases import claim, has_claimable, hold, release
from app.db.studies.planning import counted, fail, plan, refer
from app.db.studies.recorded import Measured, StudyResult, costs, measured, results, states
from app.db.studies.rows import cancel, content_hash, create, get, newest, progress, version
from app.db.studies.settling import next_stale, settle

__all__ = [
    "Measured",
    "StudyResult",
    "cancel",
    "claim",
    "content_hash",
    "costs",
    "counted",
    "create",
    "fail",
    "get",
    "has_claimable",
    "hold",
    "measured",
    "newest",
    "next_stale",
    "plan",
    "progress",
    "refer",
    "release",
    "results",
    "settle",
    "states",
    "version",
]
