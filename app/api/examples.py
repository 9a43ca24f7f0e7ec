"""Examples for the OpenAPI pages: each call works when it is sent as it stands, top to bottom.

Ids are hashes of what was asked, so the ids of the examples are known beforehand.
"""

from typing import Any, Final

from app.db import jobs, searches, studies
from app.db.identity import nth_id, variant_id
from app.experiments.catalogue import DATASETS
from app.schemas.requests import JobRequest, SearchRequest
from app.schemas.study_terms import StudyRequest
from app.services import study_csv, variants_csv
from app.services.jobs import document
from app.services.results_csv import COLUMNS
from app.services.study_terms import terms_of
from app.shipped import example
from solver.network.architecture import Architecture
from solver.source import source

ARCHITECTURE: Final = example("digits-architecture")
SEARCH: Final = example("digits-search")
TOLERANT_SEARCH: Final[dict[str, Any]] = example("digits-search-flops")
WHOLE_SEARCH: Final[dict[str, Any]] = example("digits-search-whole")

_ORIGINAL: Final = Architecture.model_validate(ARCHITECTURE)
ARCHITECTURE_ID: Final = _ORIGINAL.id
SOURCE: Final = source(_ORIGINAL, f"Architecture {ARCHITECTURE_ID} of Isobudget.")


def _search_id(body: dict[str, Any]) -> str:
    request = SearchRequest.model_validate(body)
    return nth_id(searches.content_hash(ARCHITECTURE_ID, request.filled(_ORIGINAL)), 0)


SEARCH_ID: Final = _search_id(SEARCH)
REMOVED_SEARCH_ID: Final = _search_id(TOLERANT_SEARCH)
VARIANT_ID: Final = variant_id(SEARCH_ID, 0)
JOB: Final[dict[str, Any]] = {"search_id": SEARCH_ID, **example("digits-job")}
HALVING_JOB: Final[dict[str, Any]] = {"search_id": SEARCH_ID, **example("digits-halving")}
CONTROL_JOB: Final[dict[str, Any]] = {**JOB, "inputs": "upsampled", "training_images": 500}
JOB_ID: Final = nth_id(jobs.content_hash(SEARCH_ID, document(JobRequest.model_validate(JOB))), 0)
STUDY: Final[dict[str, Any]] = example("digits-study")
GRID_STUDY: Final[dict[str, Any]] = {
    "dataset": "digits",
    "resolutions": [4, 8],
    "approaches": [],
    "grid": {"kernel_size": [2, 3]},
    "originals": "all",
    "seeds": 1,
    "epochs": 2,
}
STUDY_ID: Final = nth_id(
    studies.content_hash(terms_of(StudyRequest.model_validate(STUDY), DATASETS["digits"])), 0
)
EVENTS: Final = (
    "event: epoch\n"
    f'data: {{"run_id": "4f1c", "network": "{VARIANT_ID}", "seed": 0, "epoch": {{"epoch": 1, '
    '"train_loss": 1.9, "validation_loss": 1.5, "validation_accuracy": 0.61, "seconds": 0.2}}\n'
    "id: 1.0.3:1\n\n"
    "event: end\n"
    'data: {"state": "succeeded", "error": null}\n'
    "id: 42.15.!\n\n"
)
SEARCH_EVENTS: Final = (
    "event: progress\n"
    'data: {"state": "running", "found": 3, "best": 0.01, "bound": 0.0, "elapsed": 1.4}\n'
    "id: 1-5f3c0a11\n\n"
    "event: end\n"
    'data: {"state": "succeeded", "outcome": "complete", "found": 4, "error": null}\n'
    "id: 2-5f3c0a11!\n\n"
)
STUDY_EVENTS: Final = (
    "event: progress\n"
    'data: {"phase": "training", "runs_done": 3, "runs_total": 36, "fraction": 0.08, '
    '"eta_seconds": 20.5}\n'
    "id: 1-5f3c0a11\n\n"
    "event: end\n"
    'data: {"state": "succeeded", "error": null}\n'
    "id: 2-5f3c0a11!\n\n"
)
RESULTS_CSV: Final = (
    ",".join(COLUMNS) + "\r\noriginal,0,8,succeeded,0.91,0.93,1.25,host:4711,1,,,4f1c\r\n"
)
STUDY_CSV: Final = (
    ",".join(study_csv.COLUMNS)
    + f"\r\n{STUDY_ID},e3b0,6,IV,params,17,original,,9c1d,6,,5702,48990,0,succeeded,0.91,0.93,1.25,"
    "host:4711,1,,,4f1c\r\n"
)
VARIANTS_CSV: Final = (
    ",".join(variants_csv.columns(("N", "K1", "C1", "P1", "S1", "C2", "P2", "S2")))
    + f"\r\n{VARIANT_ID},{SEARCH_ID},IV,params,network,9,9,4,6,1,1,4,1,1,1170,17280,17290,630,0,"
    "1200,1200,1.0,9,0.95,0.01,3,digits,paper,10,\r\n"
)
