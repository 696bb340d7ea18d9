"""What packages say and show, in dicts and loops, as the naive catalog keeps it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypedDict

from rules.catalog import facts
from rules.values import Revoked, Value
from tests.rules.builders.catalog_builders import GRANTED, REVOKED

Link = tuple[str, str | None]
Said = Value | Revoked


class Content(TypedDict):
    """What a draft or version says itself: rows by key and price, the order by hand, prices, rates."""

    base: str | None
    rows: dict[Link, Said]
    order: list[str]
    prices: dict[str, facts.Price]
    rates: dict[str, facts.CreditRate]


class Version(TypedDict):
    """A published content, and the version of the base plan that it stands on."""

    content: Content
    base_version: int | None
    scope: facts.PublishScope
    cascaded: bool


class Shown(TypedDict):
    """A row as a package shows it."""

    key: str
    price: str | None
    value: Said
    origin: str
    defined_in: str
    overrides: Shown | None


@dataclass
class Shelf:
    """A plan or add-on."""

    product: str
    is_plan: bool
    draft: Content | None = None
    versions: list[Version] = field(default_factory=list)

    def newest(self) -> Content:
        """The draft, made from the published version where there is none."""
        return self.draft or self.versions[-1]["content"]

    def edit(self) -> Content:
        """The draft, to be changed."""
        self.draft = deepcopy(self.newest())
        return self.draft


def laid_over(package: str, own: dict[Link, Said], inherited: list[Shown]) -> list[Shown]:
    """Inherited rows before own rows; an override stays where the inherited row stood."""
    shown: list[Shown] = []
    for above in inherited:
        key = above["key"]
        plain = own.get((key, None), above["value"])
        waits = plain == GRANTED
        overriding = (key, None) in own and not waits
        shown.append(stated(package, (key, None), plain, above) if overriding else above)
        linked = {link: value for link, value in own.items() if link[0] == key and link[1]}
        shown += [stated(package, k, v, above) for k, v in linked.items() if not (v == GRANTED and waits)]
    taken = {above["key"] for above in inherited}
    for key in dict.fromkeys(key for key, _ in own if key not in taken):
        # Rows of one key stand together, the one that holds for every price first.
        alike = sorted((link for link in own if link[0] == key), key=lambda link: link[1] is not None)
        shown += [stated(package, link, own[link], None) for link in alike if own[link] != REVOKED]
    return shown


def ordered(rows: list[Shown], order: list[str]) -> list[Shown]:
    """The keys named come first; the rest keep their order."""
    first = [row for key in order for row in rows if row["key"] == key]
    return first + [row for row in rows if row["key"] not in order]


def stated(package: str, link: Link, value: Said, above: Shown | None) -> Shown:
    """A package's own row as it shows it."""
    origin = "OVERRIDDEN" if above else "OWN"
    key, price = link
    return {
        "key": key,
        "price": price,
        "value": value,
        "origin": origin,
        "defined_in": package,
        "overrides": above,
    }


def shelved(package: facts.Package) -> Shelf:
    """A package as it is kept here."""
    shelf = Shelf(package.product, is_plan=isinstance(package, facts.Plan))
    shelf.draft = listed(package.draft) if package.draft else None
    shelf.versions = [
        {
            "content": listed(version.content),
            "base_version": version.base_version,
            "scope": version.scope,
            "cascaded": version.cascaded,
        }
        for version in package.versions
    ]
    return shelf


def listed(content: facts.Content) -> Content:
    """A content as it is kept here."""
    return {
        "base": content.base,
        "rows": {(row.key, row.price): row.value for row in content.rows},
        "order": list(content.order),
        "prices": {price.key: price for price in content.prices},
        "rates": {rate.feature: rate for rate in content.rates},
    }


def in_order(content: Content) -> list[object]:
    """A content in which another order is a difference."""
    rows, prices, rates = (
        list(said.items()) for said in (content["rows"], content["prices"], content["rates"])
    )
    return [content["base"], rows, content["order"], prices, rates]
