import json
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.finding.bounds import Bounds
from app.cli.finding.inquiry import Inquiry
from app.shipped import example
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.app.client.factories import Script, answer, page, refusal
from tests.app.views import search_view

ORIGINAL = Architecture.model_validate(example("digits-architecture"))
NO_MOST: dict[str, int | None] = {"params": None, "flops": None, "activation_bytes": None}
DATASETS = [
    {"name": "digits", "resolution": 8, "channels": 1, "classes": 10, "present": True},
    {
        "name": "folder:mine",
        "resolution": None,
        "channels": None,
        "classes": 0,
        "present": True,
        "faults": ["it holds no images"],
    },
]


def inquiry(**changes: Any) -> Inquiry:
    own = count(ORIGINAL)
    asked: dict[str, Any] = {
        "bounds": Bounds.of(own, "both", NO_MOST, 0.05),
        "approaches": ("IV",),
        "resolutions": (6, 8),
        "dataset": "digits",
        **changes,
    }
    return Inquiry(
        original=ORIGINAL,
        own=own,
        candidates=64,
        seed=0,
        time_limit=30.0,
        terms={},
        **asked,
    )


def check(**changes: Any) -> None:
    """Ask the service about the data set that is asked for."""
    inquiry(**changes).check(Script(answer({"items": DATASETS, "next": None})).client())


def test_images_of_the_native_resolution_are_large_enough() -> None:
    check()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"resolutions": (6, 9)},
            "--max-resolution: 9 px are above digits's 8 px; images are never enlarged",
        ),
        ({"dataset": "mnits"}, "--dataset: there is no such data set; known are digits"),
    ],
)
def test_images_that_there_are_not_are_refused(
    changes: dict[str, Any], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        check(**changes)

    assert ended.value.exit_code == 2
    assert f"  {fault}" in capsys.readouterr().err


def test_a_folder_whose_images_cannot_be_read_is_left_to_the_service() -> None:
    check(dataset="folder:mine")


def test_what_a_job_is_refused_for_is_named_by_its_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("#/variants", "#/training_images", "#/recipe/batch_size", "#/architecture")
    faults = [{"pointer": place, "detail": "no"} for place in places]
    refused = Script(refusal(422, errors=faults)).client()
    with pytest.raises(typer.Exit) as ended:
        inquiry().answer(refused, tmp_path / "found")

    assert not (tmp_path / "found").exists()
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  --candidates: no",
        "  --training-images: no",
        "  --recipe: no",
        "  #/architecture: no",
    ]


def asked_for(approach: str, **most: int) -> Any:
    """The body of the search of an approach, for networks that come close to the FLOPs."""
    script = Script(answer(search_view(found=0)), page([]))
    bounds = Bounds.of(count(ORIGINAL), "flops", {**NO_MOST, **most}, 0.05)
    inquiry(approaches=(approach,), bounds=bounds).pools(script.client())
    (posted,) = [it for it in script.requests if it.method == "POST"]
    return json.loads(posted.content)


def test_of_whole_networks_a_sample_within_all_bounds_is_searched() -> None:
    asked = asked_for("V", params=3000, activation_bytes=900)
    assert asked["find"] == {"sample": 64, "seed": 0}
    assert (asked["max_params"], asked["max_activation_bytes"]) == (3000, 900)
    assert asked["ranges"] == {"resolution": [6, 8]}


def test_other_approaches_are_asked_for_all_and_look_at_the_bounds_themselves() -> None:
    assert not {"find", "max_params", "max_activation_bytes"} & {*asked_for("IV", params=3000)}
