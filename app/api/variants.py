"""``/v1/variants``."""

from typing import Annotated

from fastapi import Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import Field

from app.api import caching, examples, onnx_files, tables
from app.api.caching import IfNoneMatch
from app.api.dependencies import ID_PATTERN, Cursor, TheDatabase, TheHangUp, TheOnnxFiles
from app.api.encodings import AcceptEncoding
from app.api.onnx_files import OnnxFile
from app.api.python_files import DESCRIBED, PythonFile, answered
from app.api.routes import Router
from app.db.variants import VariantFilter
from app.schemas.requests import DatasetName
from app.schemas.variants import VariantPage, VariantView
from app.services import networks, sources, variant_pages, variants, variants_csv
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget, Scope

router = Router(prefix="/v1/variants", tags=["variants"])

Id = Annotated[str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.VARIANT_ID])]
Count = Annotated[int | None, Field(ge=0, lt=2**63)]
Size = Annotated[int | None, Field(ge=0, lt=2**31)]
Share = Annotated[float | None, Field(ge=0, le=1)]


class Wanted(Schema):
    """Which of all stored variants to answer."""

    approach: ApproachName | None = None
    budget: Budget | None = None
    scope: Scope | None = None
    search_id: Annotated[str, Field(max_length=64, pattern=ID_PATTERN)] | None = None
    dataset: DatasetName | None = Field(
        default=None,
        description="Only variants that were trained on this data set; accuracies are those on it",
    )
    min_resolution: Size = Field(default=None, examples=[7])
    max_resolution: Size = None
    min_params: Count = None
    max_params: Count = None
    min_flops: Count = None
    max_flops: Count = None
    min_coverage: Share = None
    max_coverage: Share = None
    min_accuracy: Share = Field(
        default=None,
        description="Mean accuracy on the test split, as a fraction; only variants that were "
        "trained have one",
    )
    max_accuracy: Share = None

    @property
    def filter(self) -> VariantFilter:
        """The filter that is asked for."""
        return VariantFilter(**{name: getattr(self, name) for name in VariantFilter._fields})


class Browse(Wanted):
    """What to show of all stored variants."""

    sort: str | None = Field(
        default=None,
        max_length=200,
        examples=["-resolution"],
        description="Any of `resolution, params, flops, coverage, receptive_field`, `-` for "
        "descending",
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


@router.get("", response_model=VariantPage)
def list_variants(wanted: Annotated[Browse, Query()], database: TheDatabase) -> Response:
    """All variants that were ever found, filtered."""
    asked = (wanted.sort, wanted.cursor, wanted.limit)
    page = variant_pages.text_of_all(database, wanted.filter, *asked)
    return Response(page, media_type="application/json")


@router.get(
    ".csv",
    response_class=StreamingResponse,
    responses=tables.described("A header, then a line for each variant", examples.VARIANTS_CSV),
)
def download_variants(
    wanted: Annotated[Wanted, Query()],
    database: TheDatabase,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """All variants that pass a filter, as a table: unknowns, counts, and accuracy where trained.

    Columns of unknowns that an approach does not have are empty. `accuracy` is the mean on the test
    split over `runs`, of the data set and recipe with the most of them.
    """
    lines = variants_csv.of_all(database, wanted.filter)
    return tables.table(lines, "variants", accept_encoding)


@router.get("/{id}", response_model=VariantView, responses=caching.KEPT)
def get_variant(
    id: Id,  # noqa: A002
    database: TheDatabase,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One variant; its architecture is complete, and can be posted as it is."""
    return caching.kept(variants.text(database, id), if_none_match)


@router.get("/{id}/model.py", response_class=PythonFile, responses=DESCRIBED)
def download_variant_source(id: Id, database: TheDatabase) -> PythonFile:  # noqa: A002
    """A variant as PyTorch source.

    The file has a class `Variant`; run as a script, it checks its own counts.
    """
    return answered(sources.of_variant(database, id))


@router.get("/{id}/model.onnx", response_class=OnnxFile, responses=onnx_files.DESCRIBED)
async def download_variant_onnx(
    id: Id,  # noqa: A002
    database: TheDatabase,
    files: TheOnnxFiles,
    hang_up: TheHangUp,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A variant as ONNX, which takes some seconds.

    The weights are PyTorch's initial ones, of a fixed seed.
    """
    network = await run_in_threadpool(networks.variant, database, id)
    return await onnx_files.answered(network, files, hang_up, if_none_match)
