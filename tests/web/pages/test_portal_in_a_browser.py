from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from resolvers.credits.balances import credit_command as act_on_credits
from resolvers.customers import upsert_customer
from resolvers.environments import context_of
from resolvers.usage import report_usage
from rules.catalog.facts import Catalog
from rules.catalog_edits.packages import with_package
from rules.commands.credits import GrantCredits
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.numbers import ONE
from server.app import create_app
from server.demo.fill import ENVIRONMENT, fill
from server.execution.trusted_documents import Trusted
from server.pages.graphiql import NODE_MODULES
from tests.rules.builders.catalog_builders import edit, edited, published, text
from tests.web.demo_shop import ARABIC, LONG, NASTY, Shop

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.web.conftest import Visit, Visiting

# The shop is named before the visit in every test, so that its page is left before it is closed.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AXE = NODE_MODULES / "axe-core" / "axe.min.js"
MERIDIAN = "/portal?customer=meridian"
WORDS = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 4


def assert_undisturbed(visit: Visit) -> None:
    assert visit.complaints == []
    assert visit.strangers == []


async def width_of(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def named(shop: Shop, name: str) -> None:
    """Give a customer another name."""
    context = await context_of(shop.services, ENVIRONMENT)
    await upsert_customer(context, UpsertCustomer(key="meridian", name=name))


async def worded(shop: Shop, words: str) -> None:
    """Give everything that the page of the customer shows another name or text."""

    def rule(sold: Catalog) -> Catalog:
        sold = replace(
            sold,
            products={key: replace(one, name=words, description=words) for key, one in sold.products.items()},
            features={key: replace(one, name=words, description=words) for key, one in sold.features.items()},
            credit_types={key: replace(one, name=words) for key, one in sold.credit_types.items()},
        )
        for package in list(sold.packages.values()):
            sold = with_package(sold, replace(package, name=words, description=words))
        return published(edited(sold, edit("support", text(words))), "pro")

    await shop.change(rule)
    await named(shop, words)


async def test_the_token_is_neither_in_the_address_nor_within_reach_of_a_script(
    shop: Shop, visit: Visiting
) -> None:
    opened = await visit(shop.app, MERIDIAN)
    (cookie,) = await opened.page.context.cookies(f"{opened.origin}/portal")

    assert opened.page.url == f"{opened.origin}/portal"
    assert cookie["name"] == "allotment_portal"
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/portal")
    assert await opened.page.evaluate("document.cookie") == ""
    assert await opened.page.context.cookies(f"{opened.origin}/graphql") == []
    assert_undisturbed(opened)


async def test_a_form_of_another_site_is_a_door(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, "/healthz")
    await opened.page.goto(f"{opened.origin}{MERIDIAN}")
    (cookie,) = await opened.page.context.cookies(f"{opened.origin}/portal")
    await opened.page.context.clear_cookies()
    token = f'<input type="hidden" name="token" value="{cookie.get("value")}">'
    form = (
        f'<form method="post" action="{opened.origin}/portal">{token}<button>Plan and usage</button></form>'
    )
    await opened.page.goto("about:blank")
    await opened.page.set_content(form)
    await opened.page.get_by_role("button", name="Plan and usage").click()
    await opened.page.get_by_role("heading", name="Meridian Maps").wait_for()

    assert opened.page.url == f"{opened.origin}/portal"


async def test_the_page_is_read_and_left_by_keyboard(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, MERIDIAN)
    page = opened.page
    days = page.get_by_role("group", name="Seats day by day")
    assert await days.count() == 0
    summary = page.locator("summary").first
    while not await summary.evaluate("(one) => one === document.activeElement"):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await days.wait_for()
    await page.keyboard.press("Tab")
    assert await days.evaluate("(one) => one === document.activeElement")

    await page.get_by_role("button", name="Sign out").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Whose page is this?").wait_for()
    assert await page.context.cookies() == []
    assert_undisturbed(opened)


async def test_a_screen_reader_hears_how_limits_stand_and_how_usage_went(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, MERIDIAN)
    meters = [
        (await one.get_attribute("aria-valuetext"), await one.get_attribute("aria-valuenow"))
        for one in await opened.page.get_by_role("meter").all()
    ]
    tokens = await opened.page.get_by_role("listitem").filter(has_text="Tokens").first.aria_snapshot()

    assert meters == [
        ("41 of 60 seats", "68"),
        ("9,412 of 10,000 API calls per month", "94"),
        ("57,340 of 50,000 tokens per month", "100"),
        ("64 of 40 pictures per month", "100"),
    ]
    assert 'heading "Tokens Beyond the limit" [level=3]' in tokens
    assert 'img "Tokens each day,' in tokens
    assert "7,340 beyond the limit" in tokens


async def test_what_is_reported_below_a_chart_is_what_is_drawn(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, MERIDIAN)
    history = opened.page.locator(".history").filter(has_text="API calls")
    await history.locator("summary").click()
    cells = [int((await one.inner_text()).replace(",", "")) for one in await history.locator("td").all()]
    columns = await history.locator("rect").count()

    assert len(cells) == 30
    assert sum(1 for cell in cells if cell) == columns


async def used(shop: Shop, feature: str, quantity: int) -> None:
    """Report usage of the customer."""
    context = await context_of(shop.services, ENVIRONMENT)
    await report_usage(context, "meridian", ReportUsage(feature=feature, quantity=quantity * ONE))


async def test_what_changes_is_shown_as_soon_as_it_has(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, MERIDIAN)
    page = opened.page
    await page.get_by_text("These are kept up to date.").wait_for()
    await used(shop, "seats", 5)
    await page.get_by_text("14 left").wait_for()
    await used(shop, "api-calls", 588)
    await page.get_by_text("Limit reached").wait_for()

    context = await context_of(shop.services, ENVIRONMENT)
    granted = GrantCredits(credit_type="ai-credits", amount=20 * ONE, note="Sorry")
    await act_on_credits(context, "meridian", granted)
    await page.get_by_text("1,600").first.wait_for()
    assert page.url == f"{opened.origin}/portal"
    assert_undisturbed(opened)


async def test_a_change_leaves_open_what_was_opened_and_the_focus_where_it_was(
    shop: Shop, visit: Visiting
) -> None:
    opened = await visit(shop.app, MERIDIAN)
    page = opened.page
    await page.get_by_text("These are kept up to date.").wait_for()
    history = page.locator("[data-key=tokens]")
    await history.locator("summary").focus()
    await page.keyboard.press("Enter")
    await used(shop, "tokens", 100)
    await page.get_by_text("57,440").first.wait_for()

    assert await history.locator("details").get_attribute("open") is not None
    assert await history.locator("summary").evaluate("(one) => one === document.activeElement")
    assert await page.locator("details[open]").count() == 1


async def test_a_page_that_cannot_listen_does_not_promise_to_be_up_to_date(
    shop: Shop, visit: Visiting
) -> None:
    app = create_app(shop.services, keyless=await fill(shop.services), trusted=Trusted(only=True))
    opened = await visit(app, MERIDIAN)
    refused = asyncio.Event()
    opened.page.on(
        "websocket",
        lambda one: one.on("framereceived", lambda told: refused.set() if '"error"' in str(told) else None),
    )
    await opened.page.reload()
    await refused.wait()

    await opened.page.get_by_text("These are kept up to date.").wait_for(state="hidden")


async def test_without_javascript_the_page_is_whole_and_promises_nothing(shop: Shop, visit: Visiting) -> None:
    opened = await visit(shop.app, "/healthz")
    browser = opened.page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{opened.origin}{MERIDIAN}")

    assert await page.get_by_role("meter").count() == 4
    assert not await page.get_by_text("These are kept up to date.").is_visible()
    assert await page.get_by_role("link", name="Reload").is_visible()
    await context.close()


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize(
    "customer", ["meridian", "hollow-oak", "saltmarsh", "driftwood", "piccolo", "nobody"]
)
async def test_no_page_is_wider_than_the_screen(
    shop: Shop, visit: Visiting, customer: str, width: int
) -> None:
    opened = await visit(shop.app, f"/portal?customer={customer}")
    await opened.page.set_viewport_size({"width": width, "height": 800})
    for summary in await opened.page.locator("summary").all():
        await summary.click()

    assert await width_of(opened.page) == width


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("words", [NASTY, LONG, WORDS, ARABIC], ids=["html", "long", "longer", "arabic"])
async def test_whatever_things_are_called_neither_runs_nor_breaks_the_page(
    shop: Shop, visit: Visiting, words: str, width: int
) -> None:
    await worded(shop, words)
    opened = await visit(shop.app, MERIDIAN)
    page = opened.page
    await page.set_viewport_size({"width": width, "height": 800})

    assert await width_of(page) == width
    assert await page.locator("script:not([src]), img").count() == 0
    assert await page.locator("h1").inner_text() == words
    assert await page.locator("h2").first.inner_text() == words
    direction = "(name) => getComputedStyle(name).direction"
    for named_thing in (
        page.locator("h1 bdi"),
        page.locator("h3 bdi").first,
        page.locator(".plan bdi").first,
    ):
        assert await named_thing.evaluate(direction) == ("rtl" if words == ARABIC else "ltr")
    assert_undisturbed(opened)


@pytest.mark.parametrize(("dark", "ground"), [(False, "rgb(255, 255, 255)"), (True, "rgb(16, 18, 24)")])
async def test_the_page_follows_the_readers_scheme(
    shop: Shop, visit: Visiting, *, dark: bool, ground: str
) -> None:
    opened = await visit(shop.app, MERIDIAN, dark=dark)

    colour = "getComputedStyle(document.documentElement).backgroundColor"
    assert await opened.page.evaluate(colour) == ground


async def violations(page: Page) -> list[str]:
    """What axe has to say of a page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


@pytest.mark.node
@pytest.mark.skipif(not AXE.is_file(), reason="npm ci was not run in server/")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_no_violation(shop: Shop, visit: Visiting, width: int, *, dark: bool) -> None:
    opened = await visit(shop.app, "/portal", dark=dark)
    await opened.page.set_viewport_size({"width": width, "height": 800})
    assert await violations(opened.page) == []
    for customer in ("meridian", "hollow-oak", "pinecone", "driftwood", "piccolo", "nobody"):
        await opened.page.goto(f"{opened.origin}/portal?customer={customer}")
        for summary in await opened.page.locator("summary").all():
            await summary.click()
        assert await violations(opened.page) == [], customer

    await worded(shop, NASTY)
    await opened.page.goto(f"{opened.origin}{MERIDIAN}")
    assert await violations(opened.page) == []
