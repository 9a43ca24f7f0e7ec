"""Pages of networks in a real browser."""

import pytest
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
