"""What the script of a customer's page listens to: the graph, by the cookie of the page."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette

from resolvers.keys import create_key
from resolvers.usage import report_usage
from rules.keys import NewKey
from rules.numbers import ONE
from rules.reporting import ReportUsage
from server.app import create_app
from server.demo import fill
from tests.web.site import Site
from tests.web.sockets import Listener, served, socket_at

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


async def test_without_the_cookie_nobody_listens_on_a_demo_neither(site: Site) -> None:
    number = await fill(site.services)
    app = create_app(site.services, keyless=number)

    assert await code_of_refusal(app, {}) == 4403
    assert await code_of_refusal(app, cookie("garbage")) == 4403


@pytest.mark.parametrize("origin", ["https://evil.test", "https://evil.allotment.test", "null"])
async def test_a_page_of_another_site_cannot_listen_by_the_cookie(site: Site, origin: str) -> None:
    token = await site.token("acme", plan="pro")

    assert await code_of_refusal(create_app(site.services), cookie(token), origin) == 4403


async def test_a_header_does_not_stand_in_for_the_cookie(site: Site) -> None:
    key = await create_key(site.services, "live", NewKey())

    assert await code_of_refusal(create_app(site.services), {"Authorization": f"Bearer {key}"}) == 4403
