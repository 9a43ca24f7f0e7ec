from typing import Any

import pytest

from app.db import variants
from app.db.engine import Database
from app.schemas.variants import VariantView
from app.services.variants import deriver, get, text
from solver.approaches import APPROACHES
from tests.factories import solved_search

RANGES = {"resolution": [6, 9], "padding": [0, 3], "pool_padding": [0, 1], "out_features": [1, 99]}


WHOLE = {"ranges": {"resolution": [6, 6]}, "find": {"best": "closest"}, "tolerance": 0.05}


@pytest.mark.parametrize("approach", APPROACHES)
def test_what_is_derived_is_valid_and_what_users_would_send_back(
    sqlite_database: Database, approach: str
) -> None:
    asked: dict[str, Any] = {"tolerance": 0.5, "limit": 30, "ranges": RANGES}
    with sqlite_database.write() as session:
        is_whole = APPROACHES[approach].is_whole
        search = solved_search(session, approach=approach, **(WHOLE if is_whole else asked))

    with sqlite_database.read() as session:
        of = deriver(sqlite_database, session, search.id)
        rows = variants.at(session, search.id, range(10))
        views = [of.view(row) for row in rows]

    for view, row in zip(views, rows, strict=True):
        assert VariantView.model_validate_json(view.model_dump_json()) == view
        assert (view.id, view.search_id) == (f"{search.id}-{row.position}", search.id)
        assert (view.resolution, view.counts.params) == (row.resolution, row.params)
        assert view == VariantView(
            **of.describer.fields(of.assignment(row)), id=view.id, search_id=search.id
        )
        assert text(sqlite_database, view.id) == view.model_dump_json()
        assert view == get(sqlite_database, view.id)
