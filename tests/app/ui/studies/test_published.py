"""The author's figures stand beside the study's, with what is known of them."""

import pytest

from app.experiments.catalogue import DATASETS
from app.ui.studies.published import Published, comparisons, differences, published
from tests.app.ui.studies.studies import cell, study


def test_only_cells_that_the_author_has_are_compared() -> None:
    cells = [cell("IV", 12), cell("III", 12), cell("IV", 13), cell("IV", 20)]
    assert [said.split(".")[0] for said in comparisons(study(cells=cells))] == ["12 px", "20 px"]
    assert [*comparisons(study(dataset="digits"))] == []


def test_both_results_are_said_with_what_luck_gives() -> None:
    (said,) = comparisons(study(cells=[cell("IV", 12)]))
    assert said == (
        "12 px. Published (the same rows as for 16 px: one of the two was pasted twice): originals "
        "at 94.82%, the best of 4 +2.21 pp, the mean variant −0.07 pp. Here: originals at 94.82%, "
        "the best of k +2.21 pp, luck alone +1.07 pp, the mean variant −4.01 pp. The published "
        "mean variant lies inside our 95% interval."
    )


def test_what_differs_from_the_authors_experiment_is_said() -> None:
    said = " ".join(differences(study()))
    assert "5,000 images, the author on all" in said
    assert "recipe is not the paper" not in said


@pytest.mark.parametrize("found", published(), ids=lambda row: f"{row.dataset}-{row.resolution}")
def test_rows_pasted_twice_name_each_other_and_are_alike(found: Published) -> None:
    known = {(it.dataset, it.resolution): it for it in published()}
    assert found.dataset in DATASETS
    if found.same_rows_as is not None:
        twin = known[found.dataset, found.same_rows_as]
        assert twin.same_rows_as == found.resolution
        assert (twin.best_of_k, twin.mean_variant) == (found.best_of_k, found.mean_variant)
