"""Asking for another search from a search's page."""

from app.errors import ConflictError
from app.schemas.requests import SearchRequest
from app.schemas.searches import SearchSummary


def tolerant(search: SearchSummary) -> SearchRequest:
    """The same search with the smallest tolerance that opens a solution.

    Raises
    ------
    ConflictError
        No tolerance is known to open one.
    """
    tolerance = search.explanation.tolerance if search.explanation else None
    if tolerance is None:
        raise ConflictError("no tolerance is known with which this search has a solution")
    asked = search.request.model_dump(mode="json", exclude_none=True)
    return SearchRequest.model_validate({**asked, "tolerance": tolerance})
