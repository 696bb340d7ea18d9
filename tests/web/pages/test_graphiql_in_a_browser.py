from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.pages import graphiql
from server.pages.graphiql import CDN, LIBRARY_FILES, are_installed, graphiql_page, static_routes
from server.pages.graphiql_tour import EXAMPLES

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from tests.web.conftest import Visit, Visiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.node,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not are_installed(), reason="npm ci was not run in server/"),
]

EXAMPLE_TABS = [
    *("MayTheyUseIt", "InThePlan", "EditPlan", "PublishPlan"),
    *("ReportUsage", "UseItUp", "WhyNot", "TopUp", "OnSale"),
]
KEY = "sk_a_key_that_nobody_keeps"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(33, 42, 59)"


def hello(name: str = "you") -> str:
    return f"Hello, {name}."


@strawberry.type(name="Query")
class _Query:
    hello: str = strawberry.field(resolver=hello, description="Says **hello**.")


class Asked:
    """A small graph at /graphql, its page, and all that was asked of it."""

    def __init__(self) -> None:
        self.schema = strawberry.Schema(_Query)
        self.questions: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.app = Starlette(
            routes=[*static_routes, Route("/graphql", self._graphql, methods=["GET", "POST"])],
        )

    async def _graphql(self, request: Request) -> Response:
        if request.method == "GET":
            return graphiql_page(query=request.query_params.get("q"))
        question = await request.json()
        self.questions.append(question)
        self.keys.append(request.headers.get("Authorization"))
        result = await self.schema.execute(question["query"], variable_values=question.get("variables"))
        return JSONResponse(
            {"data": result.data, "errors": [error.formatted for error in result.errors or []]}
        )

    @property
    def run(self) -> list[str]:
        """The documents that were run, introspection left out."""
        return [
            asked["query"] for asked in self.questions if asked.get("operationName") != "IntrospectionQuery"
        ]


async def tabs(page: Page) -> list[str]:
    await page.wait_for_selector(".graphiql-query-editor .CodeMirror")
    return [await tab.inner_text() for tab in await page.locator(".graphiql-tab").all()]


async def active_tab(page: Page) -> str:
    return str(await page.locator(".graphiql-tab-active").inner_text())


async def editor_text(page: Page, name: str) -> str:
    return str(
        await page.locator(f"{name} .CodeMirror:visible").evaluate(
            "(element) => element.CodeMirror.getValue()"
        )
    )


def run_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Execute query")


async def kept_by_the_browser(page: Page) -> str:
    await asyncio.sleep(1)  # GraphiQL stores half a second after the last change
    return str(await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))


def assert_undisturbed(visit: Visit) -> None:
    assert visit.complaints == []
    assert visit.strangers == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_page_opens_with_the_examples_in_its_tabs(visit: Visiting, *, dark: bool) -> None:
    opened = await visit(Asked().app, "/graphql", dark=dark)

    assert await tabs(opened.page) == EXAMPLE_TABS
    assert await opened.page.title() == "GraphiQL · Allotment"
    assert '"customer"' in await editor_text(opened.page, ".graphiql-editor-tool")
    assert_undisturbed(opened)


async def test_a_query_in_the_address_waits_in_the_first_tab_until_it_is_run(visit: Visiting) -> None:
    asked = Asked()
    opened = await visit(asked.app, '/graphql?q=query Greet { hello(name: "Ada") }')

    assert await tabs(opened.page) == ["Greet", *EXAMPLE_TABS]
    assert await active_tab(opened.page) == "Greet"
    assert asked.run == []

    await run_button(opened.page).click()
    await opened.page.get_by_text("Hello, Ada.").wait_for()

    assert asked.run == ['query Greet { hello(name: "Ada") }']
    assert_undisturbed(opened)


async def test_every_example_brings_its_variables(visit: Visiting) -> None:
    asked = Asked()
    opened = await visit(asked.app, "/graphql")
    for name in await tabs(opened.page):
        await opened.page.get_by_role("tab", name=name).click()
        await run_button(opened.page).click()
        await opened.page.locator(".result-window").get_by_text("errors").wait_for()

    variables = [asked["variables"] for asked in asked.questions if asked["query"].startswith("#")]

    assert variables == [dict(example.variables) for example in EXAMPLES]


async def test_a_key_is_sent_but_never_kept(visit: Visiting) -> None:
    asked = Asked()
    opened = await visit(asked.app, "/graphql?q={ hello }")
    await opened.page.get_by_role("button", name="Headers").click()
    await opened.page.locator(".graphiql-editor-tool .CodeMirror:visible").click()
    await opened.page.keyboard.insert_text(json.dumps({"Authorization": f"Bearer {KEY}"}))
    assert KEY not in await kept_by_the_browser(opened.page)

    await run_button(opened.page).click()
    await opened.page.get_by_text("Hello, you.").wait_for()

    assert asked.keys[-1] == f"Bearer {KEY}"
    kept = await kept_by_the_browser(opened.page)
    assert "{ hello }" in kept
    assert KEY not in kept

    await opened.page.get_by_role("button", name="Show History").click()
    await opened.page.get_by_role("button", name="Add favorite").click()

    kept = await kept_by_the_browser(opened.page)
    assert "favorites" in kept
    assert KEY not in kept
    assert_undisturbed(opened)


async def test_what_was_open_is_open_after_a_reload(visit: Visiting) -> None:
    opened = await visit(Asked().app, "/graphql")
    await tabs(opened.page)
    await opened.page.get_by_role("tab", name="ReportUsage").click()
    await kept_by_the_browser(opened.page)
    await opened.page.reload()

    assert await tabs(opened.page) == EXAMPLE_TABS
    assert await active_tab(opened.page) == "ReportUsage"


async def test_a_link_with_a_query_adds_its_tab_once_to_those_that_are_open(visit: Visiting) -> None:
    opened = await visit(Asked().app, "/graphql")
    await kept_by_the_browser(opened.page)
    for _ in range(2):
        await opened.page.goto(f"{opened.origin}/graphql?q=query Greet {{ hello }}")
        assert await tabs(opened.page) == [*EXAMPLE_TABS, "Greet"]
        assert await active_tab(opened.page) == "Greet"
        assert await editor_text(opened.page, ".graphiql-query-editor") == "query Greet { hello }"
        await kept_by_the_browser(opened.page)


async def test_dialogs_hints_and_documentation_obey_the_policy(visit: Visiting) -> None:
    opened = await visit(Asked().app, "/graphql?q={ hello unknown }")
    page = opened.page
    await page.get_by_role("button", name="Open settings dialog").click()
    await page.get_by_text("Clear storage").wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query").click()
    await page.locator(".graphiql-markdown-description strong").get_by_text("hello").wait_for()
    await page.locator(".CodeMirror-lint-mark-error").first.hover()
    await page.get_by_text("Cannot query field").wait_for()

    assert_undisturbed(opened)


async def test_on_a_phone_the_answer_stands_below_the_question(visit: Visiting) -> None:
    opened = await visit(Asked().app, "/graphql?q={ hello }")
    await opened.page.set_viewport_size({"width": 390, "height": 800})
    await run_button(opened.page).click()
    answer = opened.page.get_by_text("Hello, you.")
    await answer.scroll_into_view_if_needed()
    place, question = (
        await answer.bounding_box(),
        await opened.page.locator(".graphiql-editors").bounding_box(),
    )

    assert place is not None
    assert question is not None
    assert question["y"] + question["height"] <= place["y"]
    assert question["width"] > 300
    assert place["x"] + place["width"] <= 390


@pytest.mark.parametrize(("dark", "ground"), [(False, LIGHT), (True, DARK)], ids=["light", "dark"])
async def test_the_page_has_its_colour_before_graphiql_is_there(
    visit: Visiting, *, dark: bool, ground: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphiql, "are_installed", lambda: False)  # and the CDN cannot be reached
    opened = await visit(Asked().app, "/graphql", dark=dark)

    assert await opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground
    assert "GraphiQL could not be loaded" in await opened.page.inner_text("main")
    assert len(opened.strangers) == len(LIBRARY_FILES)


async def test_a_chosen_theme_holds_from_the_first_moment(visit: Visiting) -> None:
    opened = await visit(Asked().app, "/graphql")
    await opened.page.get_by_role("button", name="Open settings dialog").click()
    await opened.page.get_by_role("button", name="Dark").click()
    await opened.page.context.route("**/graphiql.min.js", lambda route: route.abort())
    await opened.page.reload()

    assert await opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == DARK


async def test_without_npm_files_the_page_works_from_the_cdn(
    visit: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphiql, "are_installed", lambda: False)
    elsewhere = {f"{CDN}/{file.address}": file.path for file in LIBRARY_FILES}
    opened = await visit(Asked().app, "/graphql?q={ hello }", elsewhere=elsewhere)
    await run_button(opened.page).click()
    await opened.page.get_by_text("Hello, you.").wait_for()

    assert_undisturbed(opened)
