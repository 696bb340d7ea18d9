from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from resolvers.auth import create_key
from rules.auth.api_keys import NewKey
from server.app import create_app
from server.rate_limits import RateLimiter
from tests.rules.builders.catalog_builders import edit, edited, published, written
from tests.web.pages.site import PUBLISHABLE, Site, changed, page_of, policy, product, read

SECRET = NewKey()

NASTY = '<script>alert("x")</script><b>&amp;'


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


async def test_style_sheets_are_served_forever(site: Site) -> None:
    for address in stylesheets(await site.get()):
        sheet = await site.http.get(address)

        assert sheet.headers["Content-Type"].startswith("text/css")
        assert "immutable" in sheet.headers["Cache-Control"]


async def test_a_style_sheet_of_ones_own_comes_after_ours(site: Site) -> None:
    await site.change(product(metadata=page_of(style="https://shop.test/brand.css?v=2")))
    response = await site.get()

    assert stylesheets(response)[2:] == ["https://shop.test/brand.css?v=2"]
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
    assert len(stylesheets(response)) == 2


def stylesheets(response: httpx.Response) -> list[str]:
    """The addresses of a page's style sheets."""
    return re.findall(r'rel="stylesheet" href="([^"]+)"', response.text)


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
        "https://",
        "https:///buy",
        "http://?plan={plan}",
        "ftp://shop.test/",
        "data:,x",
    ],
)
async def test_a_link_that_would_run_or_mislead_is_no_button(site: Site, link: str) -> None:
    await site.change(product(metadata=page_of(link=link)))

    assert buttons(await site.get()) == []


@pytest.mark.parametrize(
    "link",
    [
        "https://shop.test",
        "http://localhost:3000/buy?a=b#c",
        "http://[::1]:3000/",
        "https://{plan}.shop.test/",
        "mailto:sales@shop.test",
        "/buy",
    ],
)
async def test_a_link_to_a_site_a_mail_or_a_path_is_a_button(site: Site, link: str) -> None:
    await site.change(product(metadata=page_of(link=link)))

    assert buttons(await site.get()) == [link.replace("{plan}", plan) for plan in ("free", "pro")]


def buttons(response: httpx.Response) -> list[str]:
    """Where the buttons lead."""
    hrefs = re.findall(r'<a href="([^"]+)" class="button', response.text)
    return [href.replace("&amp;", "&") for href in hrefs]


async def test_anyone_who_looks_too_often_is_told_when_to_come_again(site: Site) -> None:
    app = create_app(site.services, rates=RateLimiter("350/minute"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://allotment.test"
    ) as http:
        limited = replace(site, http=http)
        first = await limited.get()
        known = await limited.get(etag=first.headers["ETag"])
        unknown = await limited.get("/pricing/nothing")
        refused, framed = await limited.get(), await limited.get(embed="1", etag=first.headers["ETag"])
        of_a_customer = await limited.get(token=await site.token("acme", plan="pro"))

    assert [one.status_code for one in (first, known, unknown)] == [200, 304, 404]
    assert [one.status_code for one in (refused, framed)] == [429, 429]
    assert read(refused).words[0] == "Too many requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert [policy(one)["frame-ancestors"] for one in (refused, framed)] == ["'none'", "*"]
    assert of_a_customer.status_code == 200


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
