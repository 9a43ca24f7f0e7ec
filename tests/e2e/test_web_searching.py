"""A new search, in a real browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db.engine import Database
from app.shipped import example
from tests.e2e.processes import serving

pytestmark = pytest.mark.browser
WAIT = 120_000
"""Milliseconds that anything may take on a busy machine."""


@pytest.fixture
def form(page: Page, sqlite_database: Database) -> Iterator[Page]:
    """An empty form."""
    expect.set_options(timeout=WAIT)
    with serving(sqlite_database) as client:
        page.goto(f"{client.base_url}/searches/new")
        yield page


def test_a_pasted_network_is_mended_in_the_table_counted_and_solved(form: Page) -> None:
    document = example("digits-architecture")
    document["layers"][2]["kernel_size"] = 7
    form.locator("#architecture").fill(json.dumps(document))

    fault = form.locator("#layer-2-faults")
    expect(fault).to_contain_text("kernel 7 does not fit its 3×3 input")
    kernel = form.locator("#layer-2-kernel_size")
    expect(kernel).to_have_attribute("aria-invalid", "true")
    kernel.fill("3")

    expect(fault).to_have_count(0)
    expect(form.locator("#network")).to_contain_text("2,972")
    expect(kernel).to_be_focused()
    form.locator('[id="ranges.resolution"]').evaluate("it => it.closest('details').open = true")
    form.locator('[name="ranges.resolution.high"]').fill("8")
    expect(form.locator("#counted")).to_contain_text("1,556 variants")

    form.get_by_role("button", name="Solve").click()
    form.wait_for_url("**/searches/7646fda55e9d4fbf5fde2009e58c3dec")


def test_layers_are_moved_inserted_and_removed_with_the_keyboard(form: Page) -> None:
    form.locator("#architecture").fill(json.dumps(example("digits-architecture")))
    form.locator("#layer-7-up").press("Enter")
    expect(form.locator("#layer-6-type")).to_have_value("dropout")
    expect(form.locator("#layer-6-up")).to_be_focused()
    form.locator("#layer-6-remove").press("Enter")
    expect(form.locator("tr[data-place]")).to_have_count(8)
    form.locator("#layer-0-insert").press("Enter")
    expect(form.locator("#layer-1-type")).to_be_focused()
    form.locator("#layer-1-type").fill("batch_norm2d")

    expect(form.locator("tr[data-place='1']")).to_contain_text("32")
    layers = json.loads(form.locator("#architecture").input_value())["layers"]
    assert layers[1] == {"type": "batch_norm2d"}
    assert len(layers) == 9


def test_a_file_that_is_opened_fills_in_the_question_and_is_solved_whole(
    form: Page, tmp_path: Path
) -> None:
    request = {
        "architecture": example("resnet18"),
        "approach": "V",
        "budget": "params",
        "tolerance": 0.01,
        "ranges": {"resolution": [256, 256]},
        "time_limit": 20.0,
    }
    file = tmp_path / "resnet18.json"
    file.write_text(json.dumps(request))
    form.locator("#file").set_input_files(file)

    expect(form.locator("[name=approach][value=V]")).to_be_checked()
    expect(form.locator("#network")).to_contain_text("11,689,512")
    expect(form.locator("#counted")).to_contain_text("widths may change")
    form.get_by_role("button", name="Solve").click()
    form.wait_for_url(re.compile("/searches/[0-9a-f]{32}$"))
