import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from solver.network.architecture import Architecture
from solver.problem import SolveRequest
from tests.app.cli.conftest import Isobudget
from tests.documents import ARCHITECTURE, SEARCH, as_read, assert_told, slips

GIVEN = st.one_of(
    slips(ARCHITECTURE).map(lambda it: ("count", Architecture, it)),
    slips(SEARCH).map(lambda it: ("solve", SolveRequest, it)),
)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(GIVEN)
def test_every_fault_of_a_file_is_told_in_our_words_at_a_place_that_it_has(
    isobudget: Isobudget, given: tuple[str, Any, Any]
) -> None:
    command, schema, content = given
    assume(isinstance(content, dict))
    assume(_is_refused(schema, content))
    assume(command == "count" or "architecture" in content)
    result = isobudget(command, "-", stdin=json.dumps(content))
    assert result.exit_code == 2, result.exception
    first, *faults = result.stderr.splitlines()
    assert first.startswith("error: standard input: ")
    assert faults
    for fault in faults:
        place, _, detail = fault.removeprefix("  ").partition(": ")
        if " " in place:  # the fault is one of the whole
            place, detail = "", fault
        is_place = place and not place.startswith("--")
        assert_told(as_read(content), tuple(place.split("/")) if is_place else (), detail)


def _is_refused(schema: Any, content: Any) -> bool:
    try:
        schema.model_validate(content)
    except ValidationError:
        return True
    return False
