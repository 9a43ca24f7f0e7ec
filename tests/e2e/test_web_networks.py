"""Pages of networks in a real browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from app.db.engine import Database
from app.shipped import example
from tests.e2e.processes import serving

pytestmark = pytest.mark.browser


def test_a_block_of_a_resnet_is_unfolded_and_folded_in_place(
    page: Page, sqlite_database: Database
) -> None:
    with serving(sqlite_database) as client:
        id_ = client.post("/v1/architectures", json=example("resnet18")).json()["id"]
        page.goto(f"{client.base_url}/networks/{id_}?depth=1")
        page.evaluate("window.isTheSame = true")
        picture = page.locator("#picture")
        expect(picture.get_by_role("link", name="layer1.0")).to_have_count(0)

        picture.get_by_role("link", name="layer1: 14 layers").click()
        picture.get_by_role("link", name="layer1.0: 7 layers").click()

        layer = picture.locator('[id="box-layer1.0.conv1"]')
        expect(layer).to_contain_text("conv2d 3×3")
        expect(page.locator('[id="row-layer1.0.bn1"]')).to_contain_text("batch_norm2d")
        assert page.url.endswith("?depth=1&unfold=layer1,layer1.0")
        assert page.evaluate("window.isTheSame")

        page.go_back()
        expect(layer).to_have_count(0)
        page.reload()
        expect(picture.get_by_role("link", name="layer1.0: 7 layers")).to_be_visible()


def test_a_network_is_unfolded_without_scripts(page: Page, sqlite_database: Database) -> None:
    assert page.context.browser
    with serving(sqlite_database) as client:
        id_ = client.post("/v1/architectures", json=example("resnet18")).json()["id"]
        plain = page.context.browser.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{client.base_url}/networks/{id_}?depth=1")

        plain.locator("#picture").get_by_role("link", name="layer1: 14 layers").click()

        expect(plain.locator('[id="row-layer1.0.conv1"]')).to_have_count(0)
        expect(plain.locator("#picture").get_by_role("link", name="layer1.0")).to_be_visible()
        plain.close()


def saved(page: Page, kind: str, folder: Path) -> Path:
    """The picture, saved as a file of this kind."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download “resnet18” as {kind.upper()}").click()
    assert download.value.suggested_filename == f"resnet18.{kind}"
    download.value.save_as(folder / f"resnet18.{kind}")
    return folder / f"resnet18.{kind}"


def test_the_picture_is_saved_as_it_is_folded(
    page: Page, sqlite_database: Database, tmp_path: Path
) -> None:
    with serving(sqlite_database) as client:
        id_ = client.post("/v1/architectures", json=example("resnet18")).json()["id"]
        page.goto(f"{client.base_url}/networks/{id_}?depth=1")
        page.locator("#picture").get_by_role("link", name="layer1: 14 layers").click()
        expect(page.locator("#picture").get_by_role("link", name="layer1.0: 7")).to_be_visible()
        shown = page.locator("#picture svg")
        width, height = (int(shown.get_attribute(side) or 0) for side in ("width", "height"))

        text = saved(page, "svg", tmp_path).read_text()
        with Image.open(saved(page, "png", tmp_path)) as image:
            assert image.size == (2 * width, 2 * height)
            greys = np.asarray(image.convert("L"))

    assert greys[1, 1] == 255, "the ground"
    assert greys.min() < 60, "letters"
    assert "layer1.0" in text
    assert "href" not in text
    page.goto("about:blank")
    page.set_content(text)
    wire = page.locator(".wires path").first
    assert wire.evaluate("it => getComputedStyle(it).fill") == "none"
    assert wire.evaluate("it => getComputedStyle(it).stroke") == "rgb(86, 96, 108)"


def test_a_network_without_a_picture_has_nothing_to_save(
    page: Page, sqlite_database: Database
) -> None:
    layers: list[dict[str, Any]] = [{"name": "l0", "type": "identity"}]
    layers += [
        {"name": f"l{n}", "type": "add", "inputs": [f"l{n - 1}", f"l{max(0, n - 50)}", "input"]}
        for n in range(1, 300)
    ]
    with serving(sqlite_database) as client:
        body = {"input": {"channels": 1, "resolution": 4}, "layers": layers}
        id_ = client.post("/v1/architectures", json=body).json()["id"]
        page.goto(f"{client.base_url}/networks/{id_}")

        expect(page.get_by_text("no picture")).to_be_visible()
        expect(page.get_by_role("button", name="as PNG")).to_be_hidden()
