"""Controls and tests are explained for the study at hand."""

from app.ui.studies.explained import CONTROLS, COVERAGE, controls_of, reading_tests
from tests.app.ui.studies.studies import cell, networks, study


def test_each_control_of_the_study_is_explained_and_no_other() -> None:
    assert [*controls_of(study())] == [CONTROLS["upsampled"], CONTROLS["retrained"], COVERAGE]
    assert [*controls_of(networks())] == []


def test_a_sign_flip_test_needs_six_originals_alone_and_nine_among_nine_cells() -> None:
    nine = study(cells=[cell("IV", 12 + it, is_primary=it == 0) for it in range(9)])
    _, said = reading_tests(nine)
    assert "needs 6 originals" in said
    assert "up to 9 in the others" in said
