"""A web site with a pricing page, whose catalog can be edited, and a reader of its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import httpx

from resolvers import catalog
from resolvers.auth import create_customer_token
from resolvers.context import Context, Services
from resolvers.customers import customer_command, upsert_customer
from resolvers.environments import context_of
from rules.auth.api_keys import ApiKeyKind, NewKey
from rules.catalog.facts import Catalog, CreditType, PricingType
from rules.catalog_edits.packages import with_package
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.values import Unit
from tests.rules.builders.catalog_builders import catalog as sold
from tests.rules.builders.catalog_builders import plan, published, row
from tests.rules.builders.small_shop import price
from tests.rules.builders.tables import FEATURES, YEARLY, seats

PUBLISHABLE = NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=())


FREE = replace(plan("free", seats(3), row("forum")), name="Free")
PRO = replace(
    plan("pro", seats(50), base="free", prices=[price("m", 49), price("y", 490, YEARLY)]),
    name="Pro",
    position=1,
    pricing_type=PricingType.PAID,
)

STOCK = published(sold(*FEATURES, FREE, PRO), "free", "pro")


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

    async def token(self, customer: str, *, plan: str) -> str:
        """Make a customer who is on a plan, and a token for them."""
        context = await self.context()
        await upsert_customer(context, UpsertCustomer(key=customer))
        await customer_command(context, customer, Subscribe(plan=plan, price="m"))
        made = await create_customer_token(context, customer, 3_600)
        return made.token

    async def context(self) -> Context:
        """What whoever keeps the catalog works with."""
        return await context_of(self.services, "live")


def _next(before: Catalog, after: Catalog) -> Catalog:
    return replace(after, revision=before.revision)


def changed(key: str, **facts: Any) -> Callable[[Catalog], Catalog]:  # noqa: ANN401 - whatever is a fact
    """Change what a plan is at once."""
    return lambda shop: with_package(shop, replace(shop.packages[key], **facts))


def product(**facts: Any) -> Callable[[Catalog], Catalog]:  # noqa: ANN401 - whatever is a fact
    """Change what the product is."""
    return lambda shop: replace(
        shop, products={**shop.products, "app": replace(shop.products["app"], **facts)}
    )


def with_credits(shop: Catalog) -> Catalog:
    """The catalog with a kind of credits."""
    credit_type = CreditType(key="ai", name="AI credits", unit=Unit(singular="credit", plural="credits"))
    return replace(shop, credit_types={"ai": credit_type})


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
