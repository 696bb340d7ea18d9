from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from rules.catalog.facts import Catalog, PricingType, Widget
from rules.catalog_edits.packages import with_package
from rules.numbers import ONE
from rules.values import Reset, ResetInterval, WrittenLimit
from tests.rules.builders.catalog_builders import (
    archived,
    edit,
    edited,
    plan,
    published,
    revocation,
    row,
    written,
)
from tests.rules.builders.small_shop import price
from tests.rules.builders.tables import YEARLY, seats
from tests.web.pages.site import Site, changed, page_of, product, read

NEVER = Reset(every=ResetInterval.NEVER)
GAP = "\N{NO-BREAK SPACE}"


async def test_the_page_shows_what_is_on_sale(site: Site) -> None:
    response = await site.get()
    words = " ".join(read(response).words)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Free Free includes: 3 seats Forum" in words
    assert "Pro $49 .00 a month Everything in Free, plus: 50 seats instead of 3 seats" in words
    assert "Compare plans Feature Free Pro Seats 3 seats 50 seats Forum ✓ Included ✓ Included" in words


async def test_the_page_says_what_the_graph_says(site: Site) -> None:
    document = """{ pricingTable(product: "app", billingPeriod: YEARLY) {
      columns { plan { name } heading rows { text struckText isImprovement } }
      comparison { name }
    } }"""
    headers = {"Authorization": f"Bearer {site.key}"}
    answer = (await site.http.post("/graphql", json={"query": document}, headers=headers)).json()
    shown = answer["data"]["pricingTable"]
    words = read(await site.get(billing="yearly")).words

    for column in shown["columns"]:
        told = [column["plan"]["name"], column["heading"], *(one["text"] for one in column["rows"])]
        told += [one["struckText"] for one in column["rows"] if one["isImprovement"]]
        assert set(told) <= set(words)
    assert {one["name"] for one in shown["comparison"]} <= set(words)


async def test_the_page_names_what_a_plan_does_not_have_of_its_base(site: Site) -> None:
    await site.change(lambda shop: published(edited(shop, revocation("forum")), "pro"))
    words = " ".join(read(await site.get()).words)

    assert "Everything in Free except Forum, plus: 50 seats" in words
    assert re.search(r"Forum ✓ Included \S Not included$", words)


@pytest.mark.parametrize(
    ("limit", "custom", "shown"),
    [
        (60, None, "60 seats instead of 3 seats"),
        (None, None, "Unlimited seats instead of 3 seats"),
        (2, None, "2 seats"),
        (3, "Plenty of seats", "Plenty of seats"),
    ],
)
async def test_the_page_strikes_through_what_got_better_and_nothing_else(
    site: Site, limit: int | None, custom: str | None, shown: str
) -> None:
    value = WrittenLimit(limit=limit and limit * ONE, unlimited=limit is None, reset=NEVER)
    row_of_pro = replace(edit("seats", value), display_text=custom)
    await site.change(lambda shop: published(edited(shop, row_of_pro), "pro"))
    page = await site.get()
    words = " ".join(read(page).words)

    assert f"Everything in Free, plus: {shown} Compare plans" in words
    assert f"Seats 3 seats {shown.partition(' instead')[0]} Forum" in words
    assert page.text.count("<s>") == shown.count("instead of")


async def test_a_cell_is_empty_where_a_plan_hides_what_it_includes(site: Site) -> None:
    """Nothing says what it is, or that it is not included."""
    hiding = replace(edit("seats", written(3), package="free"), hidden_from=(Widget.PRICING_TABLE,))
    await site.change(lambda shop: published(edited(shop, hiding), "free"))
    page = await site.get()
    rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)
    (row_of_seats,) = (shown for shown in rows if ">Seats<" in shown)

    assert re.findall(r"<td>\s*(.*?)\s*</td>", row_of_seats, re.DOTALL) == ["", "<bdi>50 seats</bdi>"]
    assert "Not included" not in page.text
    assert "instead of" not in page.text


async def test_an_inherited_row_is_listed_where_the_base_shows_another_for_its_price(site: Site) -> None:
    """Rows for one price are not inherited: 'Everything in Free' would promise 9 seats."""
    base = plan("base", seats(3), seats(9, "y"), row("forum"), prices=[price("y", 90, YEARLY)])
    heir = plan("heir", row("sso"), base="base", prices=[price("m", 9), price("y", 190, YEARLY)])
    await site.change(lambda shop: published(with_package(with_package(shop, base), heir), "base", "heir"))

    yearly = " ".join(read(await site.get(billing="yearly")).words)
    monthly = " ".join(read(await site.get(billing="monthly")).words)

    assert "Everything in base, plus: SSO 3 seats" in yearly
    assert "Everything in base, plus: SSO 3 seats" not in monthly


@pytest.mark.parametrize(
    ("currency", "sum_", "fraction"),
    [("XCG", f"Cg.{GAP}49", ".00"), ("CHF", f"CHF{GAP}49", ".00"), ("JPY", "¥49", "")],
)
async def test_a_price_is_split_at_its_decimal_sign_alone(
    site: Site, currency: str, sum_: str, fraction: str
) -> None:
    abroad = replace(plan("abroad", seats(5), prices=[price("a", 49, currency=currency)]), position=2)
    await site.change(lambda shop: published(with_package(shop, abroad), "abroad"))
    shown = (await site.get(currency=currency)).text
    small = f'<span class="cents">{fraction}</span>' if fraction else ""

    assert f'<span class="sum">{sum_}{small}</span>' in shown


async def test_a_price_below_a_cent_is_shown_whole(site: Site) -> None:
    cheap = price("c", 1)
    cheap = replace(cheap, amount=replace(cheap.amount, amount=2_000))
    await site.change(
        lambda shop: published(with_package(shop, plan("cheap", seats(5), prices=[cheap])), "cheap")
    )

    assert '<span class="sum">$0.002</span>' in (await site.get()).text


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


async def test_a_customers_token_marks_the_plan_that_they_are_on(site: Site) -> None:
    token = await site.token("acme", plan="pro")

    theirs, anybodys = await site.get(token=token), await site.get()

    assert "Your plan" in read(theirs).words
    assert "Your plan" not in read(anybodys).words
    assert theirs.headers["Cache-Control"] == "private, no-cache"
    assert theirs.headers["ETag"] != anybodys.headers["ETag"]
    assert token in read(theirs).links["Yearly"], "who looks at another price is still who they are"


async def test_a_token_that_opens_nothing_is_not_passed_over_for_the_key(site: Site) -> None:
    response = await site.get(token=site.key[:-1])

    assert response.status_code == 401
    assert "mistyped, revoked or expired" in response.text
