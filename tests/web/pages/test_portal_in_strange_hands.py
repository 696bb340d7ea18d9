"""Whoever is not let in to a customer's page is told why, in words and with the right status."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from models.database.transactions import Database
from resolvers.auth import create_customer_token, create_key
from resolvers.context import Services, real_time
from resolvers.customers import customer_command, upsert_customer
from resolvers.environments import context_of
from rules.auth.api_keys import NewKey
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from server.app import create_app
from server.pages import portal_page
from server.rate_limits import RateLimiter
from tests.web.pages.site import Site, changed, policy, product, read
from tests.web.program import serving

NASTY = '<script>alert("x")</script><b>&amp;'
FORM = "application/x-www-form-urlencoded"


async def enter(site: Site, token: str) -> httpx.Response:
    """Come by a link with a token, and go where it leads."""
    return await site.http.get("/portal", params={"token": token}, follow_redirects=True)


def assert_a_notice(response: httpx.Response, status: int, title: str) -> None:
    """Assert that a page says in words what is the matter, and that nothing of it is kept."""
    assert (response.status_code, read(response).words[0]) == (status, title)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert policy(response)["default-src"] == "'none'"
    assert "Traceback" not in response.text


GARBAGE = ["", "eyJ", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "sk_unknown", "ключ", "\x00", "x" * 9_000, NASTY]


@pytest.mark.parametrize("token", GARBAGE)
async def test_what_is_no_token_opens_nothing(site: Site, token: str) -> None:
    door = await site.http.get("/portal", params={"token": token})
    page = await site.http.get(door.headers["Location"])

    assert door.headers["Location"] == "/portal?refused=link"
    assert_a_notice(page, 401, "This link is over")
    assert page.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", [*GARBAGE[1:-3], "x" * 3_000])
async def test_what_is_no_token_opens_nothing_in_a_cookie_either(site: Site, token: str) -> None:
    headers = {b"Cookie": f"allotment_portal={token}".encode()}
    page = await site.http.get("/portal", headers=headers)

    assert_a_notice(page, 401, "This link is over")
    assert "Max-Age=0" in page.headers["Set-Cookie"]


async def test_without_a_token_the_page_says_how_it_opens(site: Site) -> None:
    assert_a_notice(await site.http.get("/portal"), 401, "Whose page is this?")


async def test_a_token_that_has_expired_is_over_at_the_door_and_behind_it(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    tomorrow = replace(site.services, clock=lambda: real_time() + timedelta(days=2))
    tomorrow.signer._clock = tomorrow.clock
    app = create_app(tomorrow)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://allotment.test"
    ) as http:
        door = await http.get("/portal", params={"token": token}, follow_redirects=True)
        behind = await http.get("/portal", headers={"Cookie": f"allotment_portal={token}"})

    assert_a_notice(door, 401, "This link is over")
    assert_a_notice(behind, 401, "This link is over")


async def test_a_token_that_somebody_else_signed_opens_nothing(site: Site, migrated_file: Path) -> None:
    await site.token("acme", plan="pro")
    claims = {"iss": "allotment", "env": "live", "sub": "acme", "exp": real_time().timestamp() + 60}
    forged = jwt.encode(claims, "another secret of at least 32 characters", "HS256")
    other = Services.on(Database(f"sqlite+aiosqlite:///{migrated_file}"), token_secret="s" * 32)
    elsewhere = await create_key(other, "live", NewKey())
    await other.close()

    assert_a_notice(await enter(site, forged), 401, "This link is over")
    assert_a_notice(await enter(site, elsewhere), 401, "This link is over")


async def test_a_token_of_an_environment_that_is_not_here_opens_nothing(site: Site) -> None:
    await site.token("acme", plan="pro")
    claims = {"iss": "allotment", "env": "gone", "sub": "acme", "exp": real_time().timestamp() + 60}
    secret = await site.services.signer._signing_secret()

    assert_a_notice(await enter(site, jwt.encode(claims, secret, "HS256")), 401, "This link is over")


async def test_a_token_opens_the_page_of_its_own_environment(site: Site) -> None:
    await site.token("acme", plan="pro")
    await create_key(site.services, "elsewhere", NewKey())
    elsewhere = await context_of(site.services, "elsewhere")
    await upsert_customer(elsewhere, UpsertCustomer(key="acme", name="Another Acme"))
    page = await enter(site, (await create_customer_token(elsewhere, "acme", 60)).token)

    assert "Another Acme" in read(page).words
    assert "Pro" not in read(page).words


async def test_a_key_is_no_token(site: Site) -> None:
    secret = await create_key(site.services, "live", NewKey())
    for key in (secret, site.key):
        door = await site.http.get("/portal", params={"token": key})
        page = await site.http.get(door.headers["Location"])
        behind = await site.http.get("/portal", headers={"Cookie": f"allotment_portal={key}"})

        assert "Max-Age=0" in door.headers["Set-Cookie"]
        for response in (page, behind):
            assert_a_notice(response, 403, "This is a key, not a customer token")
            assert key not in response.text


async def test_anyone_who_is_refused_is_nobody_from_then_on(site: Site) -> None:
    await enter(site, await site.token("acme", plan="pro"))
    await enter(site, "garbage")

    assert (await site.http.get("/portal")).status_code == 401


async def test_a_customer_who_is_not_there_is_not_found(site: Site) -> None:
    await site.token("acme", plan="pro")
    claims = {"iss": "allotment", "env": "live", "sub": "nobody", "exp": real_time().timestamp() + 60}
    secret = await site.services.signer._signing_secret()

    assert_a_notice(await enter(site, jwt.encode(claims, secret, "HS256")), 404, "There is no such account")


async def test_the_account_of_an_archived_customer_is_closed(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await customer_command(await site.context(), "acme", ArchiveCustomer())

    assert_a_notice(await enter(site, token), 403, "This account is closed")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"token": "x"}', "application/json", 415),
        (b"token=x", "text/plain", 415),
        (b"token=" + b"x" * 20_000, FORM, 413),
    ],
)
async def test_what_is_no_form_is_told_so(site: Site, body: bytes, content_type: str, status: int) -> None:
    page = await site.http.post("/portal", content=body, headers={"Content-Type": content_type})

    assert_a_notice(page, status, "That form cannot be read")


async def test_a_form_that_is_compressed_is_told_so(site: Site) -> None:
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    page = await site.http.post("/portal", content=gzip.compress(b"token=x"), headers=headers)

    assert_a_notice(page, 415, "That form cannot be read")
    assert page.headers["Accept-Encoding"] == "identity"


async def test_a_form_whose_end_never_comes_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_page, "FORM_SECONDS", 0.01)

    async def slow() -> AsyncIterator[bytes]:
        yield b"token="
        await asyncio.sleep(0.1)
        yield b"x"

    page = await site.http.post("/portal", content=slow(), headers={"Content-Type": FORM})

    assert_a_notice(page, 408, "That form cannot be read")


@pytest.mark.parametrize("body", [b"", b"token", b"token=", b"\xff\xfe=%ff", b"token=%00", b"other=1"])
async def test_a_form_without_a_token_opens_nothing(site: Site, body: bytes) -> None:
    door = await site.http.post("/portal", content=body, headers={"Content-Type": FORM})

    assert (door.status_code, door.headers["Location"]) == (303, "/portal?refused=link")


async def test_a_refusal_that_does_not_exist_is_none(site: Site) -> None:
    assert_a_notice(await site.http.get("/portal", params={"refused": NASTY}), 401, "Whose page is this?")


async def test_anyone_who_looks_too_often_is_told_when_to_come_again(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    app = create_app(site.services, rates=RateLimiter("250/minute"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://allotment.test"
    ) as http:
        pages = [await http.get("/portal", headers={"Cookie": f"allotment_portal={token}"}) for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 429]
    assert_a_notice(pages[-1], 429, "Too many requests")
    assert 1 <= int(pages[-1].headers["Retry-After"]) <= 60


async def test_names_and_texts_are_shown_as_they_are_written(site: Site) -> None:
    token = await site.token("acme", plan="pro")
    await upsert_customer(await site.context(), UpsertCustomer(key="acme", name=NASTY))
    await site.change(product(name=NASTY))
    await site.change(changed("pro", name=NASTY))
    page = await enter(site, token)

    assert "<script>" not in page.text
    assert "<b>" not in page.text
    assert read(page).words.count(NASTY) >= 3


@pytest.mark.processes
@pytest.mark.parametrize(
    ("believed", "is_secure"),
    [({}, False), ({"FORWARDED_ALLOW_IPS": "127.0.0.9"}, True), ({"FORWARDED_ALLOW_IPS": "*"}, True)],
)
def test_a_proxy_that_is_believed_says_that_it_came_over_https(
    demo_file: Path, tmp_path: Path, believed: dict[str, str], *, is_secure: bool
) -> None:
    (tmp_path / "allotment.db").write_bytes(demo_file.read_bytes())
    proxy = httpx.HTTPTransport(local_address="127.0.0.9")
    headers = {"X-Forwarded-Proto": "https"}
    with serving(tmp_path, "--demo", **believed) as program:
        document = 'mutation { createCustomerToken(input: { customer: "acme" }) { token } }'
        token = program.ask(document).json()["data"]["createCustomerToken"]["token"]
        with httpx.Client(base_url=program.address, transport=proxy, headers=headers) as http:
            door = http.get("/portal", params={"token": token})

    assert ("Secure" in door.headers["Set-Cookie"].split("; ")) is is_secure


@pytest.mark.processes
def test_a_token_stands_in_no_log(demo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "allotment.db").write_bytes(demo_file.read_bytes())
    with serving(tmp_path, "--demo", ALLOTMENT_LOG_LEVEL="debug") as program:
        document = 'mutation { createCustomerToken(input: { customer: "acme" }) { token } }'
        token = program.ask(document).json()["data"]["createCustomerToken"]["token"]
        with httpx.Client(base_url=program.address, follow_redirects=True) as http:
            assert http.get("/portal", params={"token": token}).status_code == 200
            assert http.post("/portal", data={"token": token}).status_code == 200
            assert http.get("/portal", params={"token": "garbage-of-ours"}).status_code == 401
        program.stop()
    log = (tmp_path / "log.txt").read_text()

    assert "/portal?token=***" in log
    assert "garbage-of-ours" not in log
    for part in token.split("."):
        assert part not in log
