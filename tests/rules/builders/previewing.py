"""A customer of a shop that may be edited, and all that would differ for them then."""

from __future__ import annotations

from dataclasses import replace

from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.facts import Catalog, Row
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.subscribe import Subscribe
from rules.credits.accounts import CreditAccount
from rules.credits.roll_forward import roll_forward
from rules.previews.impact import DecisionChange, differences
from rules.usage.counters import aggregation_of
from tests.rules.builders.lives import Life
from tests.rules.builders.small_shop import LONG_AGO, opened, row
from tests.rules.customers.test_lives import FEATURES
from tests.rules.models.recount import tally_of
from tests.rules.models.wallets import AI, IMAGES, credits_


def selling_everything() -> Catalog:
    """The small shop, whose plans may give credits too."""
    shop = replace(opened(), credit_types={"ai": AI, "tokens": replace(AI, key="tokens")})
    basic = shop.packages["basic"]
    content = replace(basic.newest, rates=(IMAGES,), rows=(*basic.newest.rows, row("tokens", credits_(9))))
    return publish(with_package(shop, replace(basic, draft=content)), "basic", now=LONG_AGO).catalog


def decided(life: Life, flat: ResolvedCatalog, feature: str, kept: CreditAccount) -> Decision:
    """The answer about a feature by some catalog, and by credits that were kept as they are."""
    question = AccessCheck(customer="acme", feature=feature)
    subject = resolve_check(flat, life.customer, question, life.present)
    if subject.rate is not None and life.customer is not None:
        known = (
            kept if subject.rate.credit_type == "ai" else CreditAccount(credit_type=subject.rate.credit_type)
        )
        subject = replace(subject, book=roll_forward(known, life.customer, flat, life.present))
    window = subject.window
    aggregation = aggregation_of(flat.catalog, feature)
    return decide(subject, {} if window is None else {window: tally_of(life.records, window, aggregation)})


def differing(life: Life, after: ResolvedCatalog, kept: CreditAccount | None = None) -> list[DecisionChange]:
    """All that would differ, every feature looked at."""
    book = kept or CreditAccount(credit_type="ai")
    return differences(*([decided(life, flat, key, book) for key in FEATURES] for flat in (life.flat, after)))


def republished(life: Life, key: str, *rows: Row) -> ResolvedCatalog:
    """The catalog after a package is published with other rows."""
    package = life.shop.packages[key]
    drafted = with_package(life.shop, replace(package, draft=replace(package.newest, rows=rows)))
    return ResolvedCatalog(publish(drafted, key, now=life.now).catalog)


def on(plan: str, price: str | None = None) -> Life:
    """A customer who has just subscribed."""
    return Life(shop=selling_everything()).born().does(Subscribe(plan=plan, price=price, trial_days=0))
