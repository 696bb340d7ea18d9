from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import pytest_asyncio

from models.database import Database
from resolvers import catalog
from resolvers.context import Context, Services
from resolvers.environments import NewKey, context_of, create_key
from rules.catalog import Catalog, PricingType
from rules.keys import ApiKeyKind
from rules.packages import with_package
from server.app import create_app
from tests.rules.builders import archived, edit, edited, plan, published, row, written
from tests.rules.builders import catalog as sold
from tests.rules.small_shop import price
from tests.rules.tables import FEATURES, YEARLY, seats

PUBLISHABLE = NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=())
SECRET = NewKey()

NASTY = '<script>alert("x")</script><b>&amp;'

FREE = replace(plan("free", seats(3), row("forum")), name="Free")
PRO = replace(
    plan("pro", seats(50), base="free", prices=[price("m", 49), price("y", 490, YEARLY)]),
    name="Pro",
    position=1,
    pricing_type=PricingType.PAID,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A web site in front of an environment, and its key."""

    http: httpx.AsyncClient
    services: Services
    key: str

    async def get(
        self, path: str = "/pricing/app", *, etag: str | None = None, **query: str
    ) -> httpx.Response:
        headers = {} if etag is None else {"If-None-Match": etag}
        return await self.http.get(path, params={"key": self.key, **query}, headers=headers)

    async def change(self, rule: Callable[[Catalog], Catalog]) -> None:
        """Edit the catalog."""
        await catalog.edit(await self.context(), lambda before, _: _next(before, rule(before)))

    async def context(self) -> Context:
        """What whoever keeps the catalog works with."""
        return await context_of(self.services, "live")


def _next(before: Catalog, after: Catalog) -> Catalog:
    return replace(after, revision=before.revision)


@pytest_asyncio.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    """A site that sells two plans."""
    services = Services.on(Database(sqlite_url))
    key = await create_key(services, "live", PUBLISHABLE)
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment.test") as http:
        site = Site(http=http, services=services, key=key)
        await site.change(lambda _: published(sold(*FEATURES, FREE, PRO), "free", "pro"))
        yield site
    await services.close()


def changed(key: str, **facts: Any) -> Callable[[Catalog], Catalog]:  # noqa: ANN401 - whatever is a fact
    """Change what a plan is at once."""
    return lambda shop: with_package(shop, replace(shop.packages[key], **facts))


def product(**facts: Any) -> Callable[[Catalog], Catalog]:  # noqa: ANN401 - whatever is a fact
    """Change what the product is."""
    return lambda shop: replace(
        shop, products={**shop.products, "app": replace(shop.products["app"], **facts)}
    )


def page_of(**texts: str) -> Mapping[str, object]:
    """Metadata that speaks to the page."""
    return {"pricingPage": texts}


class Reader(HTMLParser):
    """The words and the links of a page; it fails where a tag is not closed where it must be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: dict[str, str] = {}
        self.tags: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self._link: str | None = None
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in {"meta", "link"}:
            self._open.append(tag)
        if tag == "a":
            self._link = found["href"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._link = None if tag == "a" else self._link

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and self._open[-1] != "title":
            self.words.append(text)
        if text and self._link is not None:
            self.links.setdefault(text, self._link)


def read(response: httpx.Response) -> Reader:
    return Reader(response.text)


def policy(response: httpx.Response) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


async def test_the_page_shows_what_is_on_sale(site: Site) -> None:
    response = await site.get()
    words = " ".join(read(response).words)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Free Free includes: 3 seats Forum" in words
    assert "Pro $49 .00 a month Everything in Free, plus: 50 seats instead of 3 seats" in words
    assert "Compare plans Feature Free Pro Seats 3 seats 50 seats instead of 3 seats" in words


async def test_the_page_says_what_the_graph_says(site: Site) -> None:
    document = """{ pricingTable(product: "app", billingPeriod: YEARLY) {
      columns { plan { name } heading rows { text struckText } }
      comparison { name }
    } }"""
    headers = {"Authorization": f"Bearer {site.key}"}
    answer = (await site.http.post("/graphql", json={"query": document}, headers=headers)).json()
    shown = answer["data"]["pricingTable"]
    words = read(await site.get(billing="yearly")).words

    for column in shown["columns"]:
        told = [column["plan"]["name"], column["heading"]]
        told += [text for one in column["rows"] for text in one.values() if text]
        assert set(told) <= set(words)
    assert {one["name"] for one in shown["comparison"]} <= set(words)


async def test_a_link_switches_to_the_other_billing_period(site: Site) -> None:
    monthly = await site.get(theme="dark")
    address = read(monthly).links["Yearly"]
    yearly = await site.http.get(str(httpx.URL("http://allotment.test/pricing/app").join(address)))

    assert "$490" in read(yearly).words
    assert "$49" not in read(yearly).words
    assert site.key in address
    assert "theme=dark" in address
    assert '<a href="?key=' in yearly.text
    assert re.findall(r'aria-current="true">(\w+)<', monthly.text) == ["Monthly"]
    assert re.findall(r'aria-current="true">(\w+)<', yearly.text) == ["Yearly"]


async def test_there_is_no_switch_with_one_position(site: Site) -> None:
    await site.change(lambda shop: archived(shop, "pro"))

    assert "<nav" not in (await site.get()).text


async def test_currencies_are_switched_as_well(site: Site) -> None:
    euro = replace(plan("euro", seats(5), prices=[price("eur", 45, currency="EUR")]), position=2)
    await site.change(lambda shop: published(with_package(shop, euro), "euro"))

    dollars, euros = await site.get(), await site.get(currency="eur")

    assert ("$49" in read(dollars).words, "€45" in read(dollars).words) == (True, False)
    assert ("$49" in read(euros).words, "€45" in read(euros).words) == (False, True)


@pytest.mark.parametrize("asked", [{"billing": "never"}, {"billing": "one_time"}, {"currency": "GBP"}])
async def test_what_is_not_on_sale_is_as_if_it_was_not_asked_for(site: Site, asked: dict[str, str]) -> None:
    assert "$49" in read(await site.get(**asked)).words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"pricing_type": PricingType.FREE}, "Free"),
        ({"pricing_type": PricingType.CUSTOM}, "Custom"),
        ({"pricing_type": PricingType.PAID}, "On request"),
    ],
)
async def test_a_plan_without_a_price_says_why(site: Site, facts: dict[str, Any], words: str) -> None:
    await site.change(lambda shop: published(with_package(shop, plan("team", seats(90))), "team"))
    await site.change(changed("team", **facts))

    assert f'<span class="sum words">{words}</span>' in (await site.get()).text


async def test_a_plan_sold_in_another_period_alone_says_so(site: Site) -> None:
    team = replace(plan("team", seats(90), prices=[price("y", 900, YEARLY)]), pricing_type=PricingType.PAID)
    await site.change(lambda shop: published(with_package(shop, team), "team"))

    assert "Yearly only" in read(await site.get()).words
    assert "Yearly only" not in read(await site.get(billing="yearly")).words


async def test_the_page_is_asked_for_again_and_sent_only_when_it_is_another(site: Site) -> None:
    first = await site.get()
    etag = first.headers["ETag"]
    again = await site.get(etag=etag)

    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    for spelled in (f"W/{etag}", f'"other", {etag}', "*"):
        assert (await site.get(etag=spelled)).status_code == 304
    assert (await site.get(etag='"other"')).status_code == 200


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        (lambda shop: published(edited(shop, edit("seats", written(70))), "pro"), True),
        (changed("pro", name="Professional"), True),
        (product(name="Application"), True),
        (changed("pro", metadata=page_of(badge="Popular")), True),
        (product(metadata=page_of(link="https://shop.test/{plan}")), True),
        (product(metadata=page_of(style="/brand.css")), True),
        (lambda shop: edited(shop, edit("seats", written(70))), False),
        (changed("pro", metadata={"colour": "red"}), False),
        (changed("pro", compatible_addons=()), False),
    ],
)
async def test_the_tag_changes_with_the_page(
    site: Site, change: Callable[[Catalog], Catalog], *, is_another: bool
) -> None:
    before = await site.get()
    await site.change(change)
    after = await site.get(etag=before.headers["ETag"])

    assert after.status_code == (200 if is_another else 304)
    assert (after.headers["ETag"] != before.headers["ETag"]) == is_another
    assert ((await site.get()).text != before.text) == is_another


async def test_every_view_has_a_tag_of_its_own(site: Site) -> None:
    views: list[dict[str, str]] = [{}, {"billing": "yearly"}, {"embed": "1"}, {"theme": "dark"}]

    assert len({(await site.get(**view)).headers["ETag"] for view in views}) == len(views)


async def test_the_policy_lets_nothing_in_but_the_style_sheet(site: Site) -> None:
    response = await site.get()

    assert policy(response) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in read(response).tags
    assert "style=" not in response.text


async def test_only_an_embedded_page_may_stand_in_a_frame(site: Site) -> None:
    await site.change(product(metadata=page_of(link="https://shop.test/")))
    embedded = await site.get(embed="1")

    assert policy(embedded)["frame-ancestors"] == "*"
    assert 'target="_top"' in embedded.text
    assert "embed=1" in read(embedded).links["Yearly"]
    assert 'target="_top"' not in (await site.get()).text


async def test_the_style_sheet_is_served_for_ever(site: Site) -> None:
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', (await site.get()).text)
    sheet = await site.http.get(address)

    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "immutable" in sheet.headers["Cache-Control"]


async def test_a_style_sheet_of_ones_own_comes_after_ours(site: Site) -> None:
    await site.change(product(metadata=page_of(style="https://shop.test/brand.css?v=2")))
    response = await site.get()

    assert re.findall(r'rel="stylesheet" href="([^"]+)"', response.text)[1:] == [
        "https://shop.test/brand.css?v=2"
    ]
    assert policy(response)["style-src"] == "'self' https://shop.test/brand.css"


@pytest.mark.parametrize(
    "style",
    [
        "https://shop.test/a.css; script-src *",
        "//shop.test/a.css",
        "javascript:alert(1)",
        "data:text/css,*{}",
        "https://*/a.css",
        "a.css",
    ],
)
async def test_a_style_sheet_that_would_open_the_policy_is_left_out(site: Site, style: str) -> None:
    await site.change(product(metadata=page_of(style=style)))
    response = await site.get()

    assert policy(response)["style-src"] == "'self'"
    assert len(re.findall('rel="stylesheet"', response.text)) == 1


async def test_buttons_lead_where_the_catalog_says(site: Site) -> None:
    link = "https://shop.test/buy?plan={plan}&price={price}&every={billingPeriod}"
    await site.change(product(metadata=page_of(link=link)))
    await site.change(changed("free", metadata=page_of(link="/join")))

    assert buttons(await site.get()) == ["/join", "https://shop.test/buy?plan=pro&price=m&every=MONTHLY"]
    assert buttons(await site.get(billing="yearly"))[1].endswith("plan=pro&price=y&every=YEARLY")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:x",
        "//evil.test",
        "/\\evil.test",
        "data:,x",
    ],
)
async def test_a_link_that_would_run_or_mislead_is_no_button(site: Site, link: str) -> None:
    await site.change(product(metadata=page_of(link=link)))

    assert buttons(await site.get()) == []


def buttons(response: httpx.Response) -> list[str]:
    """Where the buttons lead."""
    hrefs = re.findall(r'<a href="([^"]+)" class="button', response.text)
    return [href.replace("&amp;", "&") for href in hrefs]


@pytest.mark.parametrize(
    "metadata", [{"pricingPage": "x"}, {"pricingPage": {"link": 3, "badge": ["x"]}}, page_of()]
)
async def test_metadata_that_means_something_else_is_left_alone(
    site: Site, metadata: Mapping[str, object]
) -> None:
    before = (await site.get()).text
    await site.change(product(metadata=metadata))
    await site.change(changed("pro", metadata=metadata))

    assert (await site.get()).text == before


async def test_names_and_texts_are_shown_as_they_are_written(site: Site) -> None:
    await site.change(product(name=NASTY, description=NASTY))
    await site.change(changed("pro", name=NASTY, description=NASTY, metadata=page_of(badge=NASTY)))
    loud = replace(edit("seats", written(70)), display_text=NASTY)
    await site.change(lambda shop: published(edited(shop, loud), "pro"))
    response = await site.get()

    assert "<script" not in response.text
    assert "<b>" not in response.text
    assert read(response).words.count(NASTY) >= 5


async def test_rows_of_a_base_plan_that_is_not_on_sale_are_listed(site: Site) -> None:
    await site.change(changed("free", visible=False))
    words = " ".join(read(await site.get()).words)

    assert words.endswith("Everything in Free, plus: 50 seats instead of 3 seats Forum")


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("other", lambda shop: shop),
        ("other", lambda shop: with_package(shop, plan("draft", seats(1), of="other"))),
        ("app", lambda shop: archived(changed("free", visible=False)(shop), "pro")),
    ],
    ids=["no plans", "a draft", "hidden and archived ones"],
)
async def test_a_product_that_sells_nothing_says_so(
    site: Site, key: str, rule: Callable[[Catalog], Catalog]
) -> None:
    await site.change(rule)
    response = await site.get(f"/pricing/{key}")

    assert response.status_code == 200
    assert read(response).words == [key, "Nothing is on sale here at the moment."]
    assert response.headers["ETag"]


async def test_a_product_that_does_not_exist_is_not_found(site: Site) -> None:
    await site.change(product(name=NASTY))
    response = await site.get("/pricing/ap<b>p")

    assert response.status_code == 404
    assert "There is no product “ap<b>p” here." in read(response).words
    assert read(response).links[NASTY] == f"/pricing/app?key={site.key}"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("key", ["", "pk_unknown", "pk_\x00", "ключ"])
async def test_a_key_that_opens_nothing_is_told_so(site: Site, key: str) -> None:
    response = await site.get(key=key)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "is not valid" in " ".join(read(response).words)


async def test_without_a_key_the_page_says_how_to_get_one(site: Site) -> None:
    response = await site.http.get("/pricing/app")

    assert response.status_code == 401
    assert "?key=pk_…" in " ".join(read(response).words)


async def test_a_secret_key_in_the_address_is_refused(site: Site) -> None:
    secret = await create_key(site.services, "live", SECRET)
    response = await site.get(key=secret)

    assert response.status_code == 403
    assert secret not in response.text
    assert policy(response)["style-src"] == "'self'"


async def test_a_notice_can_be_read_in_a_frame_too(site: Site) -> None:
    assert policy(await site.get(key="pk_unknown", embed="1"))["frame-ancestors"] == "*"
    assert policy(await site.get(key="pk_unknown"))["frame-ancestors"] == "'none'"


async def test_an_environment_sees_its_own_products_alone(site: Site) -> None:
    elsewhere = await create_key(site.services, "elsewhere", PUBLISHABLE)
    response = await site.get(key=elsewhere)

    assert response.status_code == 404
    assert read(response).links == {}


async def test_the_page_is_only_read(site: Site) -> None:
    head = await site.http.head("/pricing/app", params={"key": site.key})
    refused = await site.http.post("/pricing/app", params={"key": site.key})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == (await site.get()).headers["ETag"]
    assert refused.status_code == 405


async def test_the_demo_needs_no_key_on_this_machine(demo_client: httpx.AsyncClient) -> None:
    assert (await demo_client.get("/pricing/app")).status_code == 200
    assert (await demo_client.get("/pricing/app", headers={"Host": "shop.test"})).status_code == 401
