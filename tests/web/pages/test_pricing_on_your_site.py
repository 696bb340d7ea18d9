from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from resolvers.auth import create_key
from rules.auth.api_keys import ApiKeyKind, NewKey
from rules.catalog.facts import Catalog, Product
from server.app import create_app
from server.demo.fill import ENVIRONMENT
from server.pages.graphiql import are_installed
from tests.project.markdown import blocks
from tests.project.repository import ROOT
from tests.web.demo_shop import Shop

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.web.conftest import Visit, Visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGE = (ROOT / "docs" / "pricing-page.md").read_text(encoding="utf-8")


def assert_undisturbed(visit: Visit) -> None:
    assert visit.complaints == []
    assert visit.strangers == []


def page_with(body: str) -> Starlette:
    """A site of somebody else, with one page and an empty one."""
    return Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(f"<!doctype html>{body}")),
            Route("/blank", lambda _: HTMLResponse("")),
        ]
    )


async def test_a_style_sheet_of_ones_own_sets_the_looks(visit: Visiting, shop: Shop, tmp_path: Path) -> None:
    brand = tmp_path / "brand.css"
    (css,) = [one.text for one in blocks(PAGE) if one.language == "css"]
    brand.write_text(css)
    address = "https://shop.test/brand.css"
    await shop.change(lambda sold: styled(sold, address))
    opened = await visit(shop.app, "/healthz", elsewhere={address: brand})
    await opened.page.goto(f"{opened.origin}/pricing/app")
    button = opened.page.locator(".praised .button")

    assert await button.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(15, 118, 110)"
    assert "Georgia" in await button.evaluate("(one) => getComputedStyle(one).fontFamily")
    assert_undisturbed(opened)


def styled(sold: Catalog, style: str) -> Catalog:
    """The catalog in which the product has a style sheet of its own."""
    app = sold.products["app"]
    metadata: dict[str, Any] = {"pricingPage": {**page_metadata(app), "style": style}}
    return replace(sold, products={**sold.products, "app": replace(app, metadata=metadata)})


def page_metadata(product: Product) -> dict[str, Any]:
    """What the product says to its page."""
    said = product.metadata["pricingPage"]
    assert isinstance(said, dict)
    return said


@pytest.mark.parametrize("embedded", [True, False])
async def test_the_page_stands_in_another_sites_frame_where_it_is_asked_to(
    visit: Visiting, shop: Shop, *, embedded: bool
) -> None:
    inner = await visit(shop.app, "/healthz")
    frame = f'<iframe src="{inner.origin}/pricing/app?embed={int(embedded)}"></iframe>'
    opened = await visit(page_with(frame), "/blank")
    await opened.page.context.route(f"{inner.origin}/**", lambda route: route.continue_())
    await opened.page.goto(opened.origin)
    inside = opened.page.frames[1].get_by_role("heading", name="Compare plans")

    assert await inside.count() == int(embedded)


@pytest.mark.node
@pytest.mark.skipif(not are_installed(), reason="npm ci was not run in server/")
async def test_the_demos_buttons_open_what_a_back_end_would_send(visit: Visiting, shop: Shop) -> None:
    opened = await visit(shop.app, "/pricing/app?billing=yearly")
    await opened.page.get_by_role("link", name="Get started with Pro").click()
    await opened.page.get_by_role("tab", name="Subscribe").wait_for()
    await opened.page.get_by_role("button", name="Execute query").click()
    await opened.page.locator(".result-window").get_by_text("ACTIVE").wait_for()

    assert_undisturbed(opened)


async def test_the_documented_script_shows_on_any_site_what_the_page_shows(
    visit: Visiting, shop: Shop
) -> None:
    key = await create_key(shop.services, ENVIRONMENT, NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=()))
    (script,) = [one.text for one in blocks(PAGE) if one.language == "javascript"]
    allotment = await visit(create_app(shop.services), f"/pricing/app?key={key}")
    site = await visit(
        Starlette(routes=[Route("/", lambda _: HTMLResponse('<div id="pricing"></div>'))]), "/"
    )
    await site.page.context.route(f"{allotment.origin}/**", lambda route: route.continue_())
    script = script.replace("https://allotment.example.com", allotment.origin).replace("pk_…", key)
    await site.page.evaluate(f"(async () => {{ {script} }})()")

    assert len(script.splitlines()) <= 12
    assert await told(site.page, "#pricing section") == await told(allotment.page, ".plan")
    assert_undisturbed(allotment)


async def test_a_page_of_another_site_does_not_enter_where_nobody_needs_a_key(
    visit: Visiting, shop: Shop
) -> None:
    demo = await visit(shop.app, "/healthz")
    site = await visit(page_with("A trap."), "/")
    await site.page.context.route(f"{demo.origin}/**", lambda route: route.continue_())
    asked = f"fetch('{demo.origin}/graphql?query={{viewer{{kind}}}}').then(() => 'let in', () => 'kept out')"

    assert await site.page.evaluate(asked) == "kept out"


async def told(page: Page, column: str) -> list[dict[str, Any]]:
    """The names, headings and rows of each column, and its price where it has one."""
    read = """(columns) => columns.map((column) => {
      const words = (element) => element.textContent.replace(/\\s+/g, " ").trim();
      const texts = (selector) => [...column.querySelectorAll(selector)].map(words);
      const [price] = words(column).match(/[$][\\d,.]+/) ?? [null];
      return { name: words(column.querySelector("h3 bdi") ?? column.querySelector("h3")),
               heading: texts("h4"), rows: texts("li"), price };
    })"""
    found: list[dict[str, Any]] = await page.locator(column).evaluate_all(read)
    return found
