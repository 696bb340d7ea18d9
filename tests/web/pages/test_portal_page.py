"""What the customer's own page shows, and how it is come to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from resolvers.auth import create_customer_token
from resolvers.context import Context
from resolvers.credits.balances import credit_command as act_on_credits
from resolvers.customers import customer_command
from resolvers.usage import report_usage
from rules.catalog.facts import Widget
from rules.commands.change_plan import ChangeTiming
from rules.commands.credits import GrantCredits
from rules.commands.report_usage import ReportUsage
from rules.commands.subscriptions import CancelSubscription
from rules.numbers import ONE
from rules.values import LimitEnforcement
from server.app import create_app
from server.config.theme import Theme
from tests.rules.builders.catalog_builders import edit, edited, published, written
from tests.web.pages.site import Reader, Site, changed, policy, product, read, with_credits

HOUR = 3_600


async def enter(site: Site, token: str) -> httpx.Response:
    """Come by a link with a token, and go where it leads."""
    return await site.http.get("/portal", params={"token": token}, follow_redirects=True)


def told(response: httpx.Response) -> str:
    """All that a page says, in one line."""
    return " ".join(read(response).words)


async def test_a_link_leads_to_the_page_and_leaves_no_token_in_the_address(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    door = await site.http.get("/portal", params={"token": token})
    page = await site.http.get("/portal")

    assert (door.status_code, door.headers["Location"]) == (303, "/portal")
    assert (page.status_code, read(page).words[1]) == (200, "acme")
    assert token not in page.text
    for response in (door, page):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_cookie_is_for_this_page_alone_and_ends_with_the_token(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    door = await site.http.get("/portal", params={"token": token})
    cookie, *attributes = door.headers["Set-Cookie"].split("; ")
    (age,) = (int(one.removeprefix("Max-Age=")) for one in attributes if one.startswith("Max-Age"))

    assert cookie == f"allotment_portal={token}"
    assert {"HttpOnly", "Path=/portal", "SameSite=lax"} < set(attributes)
    assert HOUR - 60 < age <= HOUR
    assert "Secure" not in attributes


async def test_over_https_the_cookie_never_goes_in_the_clear(site: Site) -> None:
    door = await site.http.get(
        "https://allotment.test/portal", params={"token": await site.token("a", plan="pro")}
    )

    assert "Secure" in door.headers["Set-Cookie"].split("; ")


async def test_a_form_is_a_door_too(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    door = await site.http.post("/portal", data={"token": token})
    page = await site.http.get("/portal")

    assert (door.status_code, door.headers["Location"]) == (303, "/portal")
    assert page.status_code == 200


async def test_anyone_who_signs_out_has_to_come_again(site: Site) -> None:
    await enter(site, await site.token("acme", plan="pro"))
    left = await site.http.post("/portal", data={"leave": "1"})
    page = await site.http.get("/portal")

    assert (left.status_code, left.headers["Location"]) == (303, "/portal")
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert page.status_code == 401


async def test_the_policy_lets_in_what_is_ours_and_forms_to_itself(site: Site) -> None:
    page = await enter(site, await site.token("acme", plan="pro"))

    assert policy(page) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "data:",
        "script-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert re.findall(r"<script[^>]*>[^<]", page.text) == []
    assert "style=" not in page.text
    loaded = re.findall(r'(?:rel="stylesheet" href|script defer src)="([^"]+)"', page.text)
    assert len(loaded) == 3
    for address in loaded:
        assert (
            (await site.http.get(address)).headers["Content-Type"].startswith(("text/css", "text/javascript"))
        )


async def test_the_page_only_looks(site: Site) -> None:
    await enter(site, await site.token("acme", plan="pro"))
    head = await site.http.head("/portal")

    assert (head.status_code, head.content) == (200, b"")
    assert (await site.http.delete("/portal")).status_code == 405


# What it shows


async def test_the_page_says_what_the_graph_says(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await report_usage(await site.context(), "acme", ReportUsage(feature="seats", quantity=42 * ONE))
    document = """{ viewer { customer { name timezone
      accesses { feature { name } allowed reason usage { used limit remaining } }
      subscriptions { plan { name } } } } }"""
    headers = {"Authorization": f"Bearer {token}"}
    answer = (await site.http.post("/graphql", json={"query": document}, headers=headers)).json()
    customer = answer["data"]["viewer"]["customer"]
    page = await enter(site, token)
    words = told(page)

    (seats,) = (one["usage"] for one in customer["accesses"] if one["usage"])
    assert f"Seats Nearly used up {seats['used']} of {seats['limit']} seats" in words
    assert f"{seats['remaining']} left" in words
    assert {one["feature"]["name"] for one in customer["accesses"]} <= set(read(page).words)
    assert {one["plan"]["name"] for one in customer["subscriptions"]} <= set(read(page).words)
    assert f"All times are those of {customer['timezone']}" in words


async def test_what_is_hidden_from_the_page_is_not_on_it(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    assert "Forum" in told(await enter(site, token))

    hidden = replace(edit("seats", written(50)), hidden_from=(Widget.CUSTOMER_PORTAL,))
    await site.change(lambda shop: published(edited(shop, hidden), "pro"))

    assert "Seats" not in told(await enter(site, token))


async def test_usage_is_drawn_and_listed_day_by_day(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    context = await site.context()
    for days, units in ((3, 5), (1, 7), (0, 2)):
        await report_usage(
            context,
            "acme",
            ReportUsage(
                feature="seats",
                quantity=units * ONE,
                occurred_at=site.services.clock() - timedelta(days=days),
            ),
        )
    page = await enter(site, token)
    rows = re.findall(r'<td class="number">(\d+)</td>', page.text)

    assert 'role="img"' in page.text
    assert re.search(
        r'aria-label="Seats at the end of each day, \w+ \d+ to \w+ \d+: at most 14, on', page.text
    )
    assert rows[:4] == ["14", "12", "5", "5"]
    assert len(rows) == 30


async def test_usage_ahead_of_the_clock_changes_no_day_before_it(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    context, now = await site.context(), site.services.clock()
    for units, occurred_at in ((10, now - timedelta(days=3)), (5, now + timedelta(minutes=4))):
        deed = ReportUsage(feature="seats", quantity=units * ONE, occurred_at=occurred_at)
        await report_usage(context, "acme", deed)
    page = await enter(site, token)
    rows = re.findall(r'<td class="number">(\d+)</td>', page.text)

    assert "15 of 50 seats" in told(page)
    assert rows[1:5] == ["10", "10", "10", "0"]
    assert len(rows) == 30


async def test_where_nothing_is_included_and_nothing_used_the_bar_is_empty(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    costly = replace(written(0), enforcement=LimitEnforcement.SOFT)
    await site.change(lambda shop: published(edited(shop, edit("seats", costly)), "pro"))
    page = await enter(site, token)

    words = told(page)

    assert "Seats 0 of 0 seats per month Nothing is included" in words
    assert "Beyond the limit: you can go on" in words
    assert 'aria-valuenow="0"' in page.text
    assert 'class="beyond"' not in page.text


async def grant(context: Context, credits_: int, days: int | None = None, note: str | None = None) -> None:
    expires_at = None if days is None else context.services.clock() + timedelta(days=days)
    deed = GrantCredits(credit_type="ai", amount=credits_ * ONE, expires_at=expires_at, note=note)
    await act_on_credits(context, "acme", deed)


async def test_credits_are_shown_with_their_next_expiry_and_their_ledger(site: Site) -> None:
    await site.change(with_credits)
    token = await site.token("acme", plan="pro")
    context = await site.context()
    await grant(context, 1_000)
    await grant(context, 200, days=12, note="Welcome")
    words = told(await enter(site, token))

    assert "AI credits Left to spend 1,200 credits 200 credits expire in 12 days," in words
    assert "200 of 200 credits until" in words
    assert "1,000 of 1,000 credits without an end Bought" in words
    assert re.search(r"Added Welcome \+200 1,200 \w+ \d+ Added \+1,000 1,000", words)


async def test_of_many_grants_those_that_are_spent_next_are_shown(site: Site) -> None:
    await site.change(with_credits)
    token = await site.token("acme", plan="pro")
    context = await site.context()
    for days in range(1, 24):
        await grant(context, days, days=days)
    words = told(await enter(site, token))

    assert len(re.findall(r"\d+ of \d+ credits? until", words)) == 20
    assert "20 of 20 credits until" in words
    assert "Bought and 3 more with 66 credits" in words


async def test_a_cancellation_is_reported(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await customer_command(await site.context(), "acme", CancelSubscription())

    assert re.search(r"Pro Active \$49.00 a month Ends in \d+ days,", told(await enter(site, token)))


async def test_anyone_who_has_a_plan_no_more_sees_when_it_ended(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await customer_command(await site.context(), "acme", CancelSubscription(timing=ChangeTiming.NOW))
    ended = told(await enter(site, token))

    assert "Pro Ended $49.00 a month Ended today," in ended
    assert "Seats" not in ended


async def test_anyone_who_never_had_a_plan_is_told_so(demo_client: httpx.AsyncClient) -> None:
    page = await demo_client.get("/portal", params={"customer": "piccolo"}, follow_redirects=True)

    assert "You have no plan at the moment." in read(page).words


async def test_the_page_is_of_the_catalog_as_it_is_now(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await enter(site, token)
    await site.change(product(name="Application"))
    await site.change(changed("pro", name="Professional"))
    words = read(await site.http.get("/portal")).words

    assert {"Application", "Professional"} <= set(words)


async def test_looks_of_ones_own_come_after_ours_and_lead_back(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    looks = Theme(style="https://shop.test/brand.css?v=2", home="https://shop.test/account")
    async with client(create_app(site.services, portal_looks=looks)) as http:
        page = await http.get("/portal", params={"token": token}, follow_redirects=True)
        lost = await http.get("/portal", params={"refused": "link"})

    assert re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)[2:] == [looks.style]
    assert policy(page)["style-src"] == "'self' https://shop.test/brand.css"
    assert read(page).links["Back"] == read(lost).links["Go back"] == looks.home


def client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://allotment.test")


# On the demo


async def test_on_the_demo_one_link_opens_the_page_of_a_customer(demo_client: httpx.AsyncClient) -> None:
    page = await demo_client.get("/portal", params={"customer": "meridian"}, follow_redirects=True)
    words = told(page)

    assert (page.status_code, page.url.path, page.url.query) == (200, "/portal", b"")
    for told_of in (
        "Nearly used up",
        "Beyond the limit",
        "No limit",
        "Credits pay now",
        "Changes to Starter",
    ):
        assert told_of in words
    assert "Projects 10 projects Regions eu, us Support 24/7 Storage limitGB : 500 Single sign-on" in words


async def test_on_the_demo_whose_page_it_is_may_be_chosen(demo_client: httpx.AsyncClient) -> None:
    choice = read(await demo_client.get("/portal"))

    assert choice.links["Bramble & Finch"] == "/portal?customer=bramble-finch"
    opened = await demo_client.get(choice.links["Bramble & Finch"], follow_redirects=True)
    assert "Bramble & Finch" in Reader(opened.text).words


async def test_elsewhere_nobody_is_let_in_by_a_name(site: Site) -> None:
    await site.token("acme", plan="pro")

    assert (await site.http.get("/portal", params={"customer": "acme"})).status_code == 401


async def test_under_another_name_the_demo_lets_nobody_in(demo_client: httpx.AsyncClient) -> None:
    stranger = {"Host": "shop.test"}

    assert (await demo_client.get("/portal", headers=stranger)).status_code == 401
    asked = await demo_client.get("/portal", params={"customer": "acme"}, headers=stranger)
    assert asked.status_code == 401


@pytest.mark.parametrize("key", ["nobody", "", "a\x00b", "x" * 300])
async def test_anyone_who_is_not_in_the_demo_is_not_found(demo_client: httpx.AsyncClient, key: str) -> None:
    page = await demo_client.get("/portal", params={"customer": key}, follow_redirects=True)

    assert (page.status_code, read(page).words[0]) == (404, "There is no such account")


async def test_a_token_is_one_customers(site: Site) -> None:
    await site.token("bolt", plan="pro")
    page = await enter(site, await site.token("acme", plan="pro"))

    assert "acme" in read(page).words
    assert "bolt" not in page.text
    made = await create_customer_token(await site.context(), "bolt", HOUR)
    assert "bolt" in read(await enter(site, made.token)).words
