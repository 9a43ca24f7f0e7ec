from app.schemas.search_terms import SearchTerms
from app.shipped import example
from solver.network.architecture import Architecture
from solver.suitability import OF_WHOLE


def terms(name: str) -> SearchTerms:
    body = example(name)
    original = Architecture.model_validate(body.pop("architecture"))
    return SearchTerms.model_validate(body).filled(original)


def test_fields_of_approach_v_leave_the_ids_of_other_searches_as_they_were() -> None:
    assert terms("digits-search").identity.keys().isdisjoint(OF_WHOLE)


def test_what_approach_v_is_asked_is_part_of_its_searches_ids() -> None:
    assert terms("digits-search-whole").identity["widths"]["step"] == 2
