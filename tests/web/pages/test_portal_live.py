"""What the script of a customer's page listens to: the graph, by the cookie of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from resolvers.auth import create_customer_token, create_key
from resolvers.context import Services
from resolvers.credits.balances import credit_command as act_on_credits
from resolvers.environments import advance_clock, context_of
from resolvers.usage import report_usage
from rules.auth.api_keys import NewKey
from rules.commands.credits import GrantCredits
from rules.commands.report_usage import ReportUsage
from rules.numbers import ONE
from server.app import create_app
from server.demo.fill import ENVIRONMENT, fill
from server.pages.portal_page import SCRIPT
from tests.web.pages.site import Site, with_credits
from tests.web.websocket.sockets import Listener, Stream, served, socket_at

PATH = "/portal/live"
LIVE = """subscription ($c: String!) {
  accessChanged(customer: $c, features: ["seats"]) { access { usage { used } } } }"""


def cookie(token: str) -> Mapping[str, str]:
    """The header by which a browser sends the cookie of the page."""
    return {"Cookie": f"allotment_portal={token}"}


async def code_of_refusal(app: Starlette, headers: Mapping[str, str], origin: str | None = None) -> int:
    """Say that somebody is there; gives the code with which the socket is closed."""
    async with served(app) as address:
        options = {"additional_headers": headers, "origin": origin}
        async with socket_at(address, PATH, **options) as listener:
            await listener.say(type="connection_init")
            return (await listener.closed())[0]


async def let_in(listener: Listener) -> bool:
    """Say that somebody is there, as the page's script does: without a key."""
    return await listener.init(None) == {"type": "connection_ack"}


async def page_at(address: str, token: str) -> str:
    """The page, as its customer loads it."""
    async with httpx.AsyncClient() as http:
        page = await http.get(f"{address}/portal", headers=cookie(token))
        assert page.status_code == 200
        return page.text


async def listen_as_the_page_does(listener: Listener, customer: str, page: str) -> Mapping[str, Stream]:
    """Begin what the script of a page begins; gives the streams, those of credits by type."""
    assert await let_in(listener)
    access, credits_ = re.findall(r"`(subscription [^`]+)`", SCRIPT.read_text(encoding="utf-8"))
    (since,) = re.findall(r'data-revision="([^"]+)"', page)
    streams = {"access": await listener.begin("access", access, customer=customer, since=since)}
    for key in re.findall(r'data-credit-type="([^"]+)"', page):
        asked = {"customer": customer, "creditType": key, "since": since}
        streams[key] = await listener.begin(key, credits_, **asked)
    return streams


async def test_the_first_credits_of_a_type_are_reported(site: Site) -> None:
    await site.change(with_credits)
    token = await site.token("acme", plan="pro")
    async with served(create_app(site.services)) as address:
        page = await page_at(address, token)
        async with socket_at(address, PATH, additional_headers=cookie(token)) as listener:
            streams = await listen_as_the_page_does(listener, "acme", page)
            await act_on_credits(await site.context(), "acme", GrantCredits(credit_type="ai", amount=5 * ONE))
            told = await streams["ai"].next()

    assert "AI credits" not in page
    assert told["revision"]


@pytest.mark.parametrize("customer", ["meridian", "hollow-oak"])
async def test_what_time_has_made_until_the_page_was_loaded_is_not_told_again(
    demo: Services, customer: str
) -> None:
    context = await context_of(demo, ENVIRONMENT)
    await advance_clock(context, demo.clock() + timedelta(days=40))
    token = (await create_customer_token(context, customer, 3_600)).token
    async with served(create_app(demo)) as address:
        page = await page_at(address, token)
        async with socket_at(address, PATH, additional_headers=cookie(token)) as listener:
            streams = await listen_as_the_page_does(listener, customer, page)
            for stream in streams.values():
                await stream.silence()

    assert {"access", "ai-credits"} <= streams.keys()


@pytest.mark.parametrize("from_a_browser", [True, False])
async def test_the_cookie_of_the_page_lets_its_customer_listen(site: Site, *, from_a_browser: bool) -> None:
    token = await site.token("acme", plan="pro")
    async with served(create_app(site.services)) as address:
        origin = address if from_a_browser else None
        headers = cookie(token)
        async with socket_at(address, PATH, additional_headers=headers, origin=origin) as listener:
            assert await let_in(listener)
            stream = await listener.begin("one", LIVE, c="acme")
            before = await stream.next()
            await report_usage(await site.context(), "acme", ReportUsage(feature="seats", quantity=7 * ONE))
            after = await stream.next()
            other = await listener.begin("two", LIVE, c="bolt")

            assert [told["access"]["usage"]["used"] for told in (before, after)] == ["0", "7"]
            assert await other.errors() == ["FORBIDDEN"]


async def test_without_the_cookie_nobody_listens_on_a_demo_neither(demo: Services) -> None:
    app = create_app(demo, keyless=await fill(demo))

    assert await code_of_refusal(app, {}) == 4403
    assert await code_of_refusal(app, cookie("garbage")) == 4403


@pytest.mark.parametrize("origin", ["https://evil.test", "https://evil.allotment.test", "null"])
async def test_a_page_of_another_site_cannot_listen_by_the_cookie(site: Site, origin: str) -> None:
    token = await site.token("acme", plan="pro")

    assert await code_of_refusal(create_app(site.services), cookie(token), origin) == 4403


async def test_a_header_does_not_stand_in_for_the_cookie(site: Site) -> None:
    key = await create_key(site.services, "live", NewKey())

    assert await code_of_refusal(create_app(site.services), {"Authorization": f"Bearer {key}"}) == 4403
