"""The demo, whose catalog can be edited, and everything in it that could break a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.applications import Starlette

from resolvers import catalog
from resolvers.context import Services
from resolvers.environments import context_of
from rules.catalog.facts import Catalog
from rules.catalog_edits.packages import with_package
from server.demo.fill import ENVIRONMENT
from tests.rules.builders.catalog_builders import edit, edited, published, text, written

NASTY = '<img src=x onerror=alert(1)><script>alert(1)</script> & "quotes"'
ARABIC = "خطة الأعمال الكبيرة"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 5


@dataclass
class Shop:
    """The demo, whose catalog can be edited."""

    services: Services
    app: Starlette

    async def change(self, rule: Callable[[Catalog], Catalog]) -> None:
        """Edit the catalog of the demo."""
        context = await context_of(self.services, ENVIRONMENT)
        await catalog.edit(context, lambda before, _: replace(rule(before), revision=before.revision))


def renamed(key: str, name: str) -> Callable[[Catalog], Catalog]:
    """Give a plan another name and description."""
    return lambda sold: with_package(sold, replace(sold.packages[key], name=name, description=name))


def worded(words: str) -> Callable[[Catalog], Catalog]:
    """Give rows of Pro other texts, and a feature and the product another name."""

    def rule(sold: Catalog) -> Catalog:
        product = replace(sold.products["app"], name=words, description=words)
        feature = replace(sold.features["sso"], name=words)
        sold = replace(
            sold,
            products={**sold.products, "app": product},
            features={**sold.features, "sso": feature},
        )
        loud = replace(edit("seats", written(70)), display_text=words)
        return published(edited(sold, loud, edit("support", text(words))), "pro")

    return rule


async def trouble(shop: Shop) -> None:
    """Put everything into the catalog that could break a page."""
    await shop.change(renamed("free", NASTY))
    await shop.change(renamed("starter", ARABIC))
    await shop.change(renamed("pro", LONG))
    await shop.change(worded(LONG))
    await shop.change(
        lambda sold: published(edited(sold, edit("support", text(NASTY), package="scale")), "scale")
    )
