"""The studies behind the figures are requests that the service takes, on the paper's grids."""

from itertools import product
from typing import get_args

import pytest

from app.cli.presets import DatasetName, FigureName, Scale, study_of
from app.experiments.catalogue import DATASETS
from app.experiments.recipes import Recipe
from app.schemas.study_terms import StudyRequest
from app.services.study_terms import terms_of
from solver.survey.axes import axes_of
from solver.survey.grid import Grid, misfit, names_for

ALL = [*product(get_args(FigureName), get_args(DatasetName), get_args(Scale))]


@pytest.mark.parametrize(("figure", "dataset", "scale"), ALL)
def test_the_service_takes_every_preset(
    figure: FigureName, dataset: DatasetName, scale: Scale
) -> None:
    request = StudyRequest.model_validate(study_of(figure, dataset, scale))
    terms = terms_of(request, DATASETS[dataset])
    name = "fast" if scale == "small" and dataset != "digits" else "paper"
    assert terms.recipe == Recipe.model_validate({"name": name})
    assert (terms.primary is None) is (figure == "fig1")


@pytest.mark.parametrize(("dataset", "scale"), [*product(get_args(DatasetName), get_args(Scale))])
def test_figs_3_and_4_are_one_study(dataset: DatasetName, scale: Scale) -> None:
    assert study_of("fig3", dataset, scale) == study_of("fig4", dataset, scale)


@pytest.mark.parametrize("dataset", get_args(DatasetName))
def test_fig_1_varies_kernels_and_pools_of_a_valid_network(dataset: DatasetName) -> None:
    request = StudyRequest.model_validate(study_of("fig1", dataset, "paper"))
    assert request.approaches == ()
    assert request.architecture is not None
    for name, values in request.grid.items():
        assert names_for(request.architecture, name)
        assert not [value for value in values if misfit(name, value)]
    grid = Grid(request.architecture, axes_of(request.architecture, request.grid))
    assert grid.size == len(request.grid["kernel_size"]) ** 2 * 2**2
    assert len(request.resolutions) == 3


def test_the_papers_scale_is_as_large_as_its_experiment() -> None:
    request = StudyRequest.model_validate(study_of("fig3", "mnist", "paper"))
    assert (request.originals, request.variants, request.seeds) == (10, 4, 3)
    assert request.training.epochs == 10
    assert request.training_images is None


def test_the_primary_cell_asks_what_the_extra_pixels_bring() -> None:
    primary = StudyRequest.model_validate(study_of("fig3", "mnist", "small")).primary
    assert primary is not None
    assert (primary.approach, primary.resolution) == ("IV", 12)
    assert primary.contrast == "true_minus_upsampled"
