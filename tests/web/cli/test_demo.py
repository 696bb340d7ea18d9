from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from models.database.transactions import Database
from resolvers.context import Services
from resolvers.environments import ensure_environment
from rules.catalog.facts import Plan
from rules.errors import ErrorCode, Rejected
from rules.periods import period_at
from rules.values import Reset, ResetInterval
from server.demo.catalog import OFFERS
from server.demo.customers import COMPANIES, Company
from server.demo.fill import fill
from server.pages.graphiql_tour import EXAMPLES, TourStop
from tests.web.program import Program, serving

pytestmark = pytest.mark.processes

NOON = datetime(2027, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)

Rows = Mapping[str, list[Any]]


def a_day_later() -> datetime:
    """A clock that stands."""
    return NOON + DAY


ACCESSES = """query ($customer: String!) {
  customer(key: $customer) {
    accesses { featureKey allowed reason usage { used percentUsed } }
    subscriptions { plan { key } }
  }
  access(customer: $customer, feature: "seats") { reason }
}"""


async def everything(database: Database) -> Rows:
    """All rows of all tables."""
    async with database.read() as session:
        return {
            table.name: sorted((await session.execute(select(table))).all(), key=str)
            for table in SQLModel.metadata.sorted_tables
        }


class Ticking:
    """A clock that moves on a microsecond whenever it is read, about once a transaction, until it stops."""

    def __init__(self, stops_at: datetime | None = None) -> None:
        self.now = NOON
        self.stops_at = stops_at

    def __call__(self) -> datetime:
        if self.now == self.stops_at:
            message = "the power is cut"
            raise OSError(message)
        self.now += timedelta.resolution
        return self.now


async def filled(url: str, clock: Callable[[], datetime] = lambda: NOON) -> Rows:
    """What is in a database after the demo was filled into it."""
    services = Services.on(Database(url), clock=clock)
    await fill(services)
    rows = await everything(services.database)
    await services.close()
    return rows


async def fill_until_the_power_is_cut(url: str, at: datetime) -> None:
    """Fill the demo with a clock that stops."""
    services = Services.on(Database(url), clock=Ticking(at))
    with pytest.raises((OSError, ExceptionGroup)):
        await fill(services)
    await services.close()


async def seen(client: httpx.AsyncClient) -> dict[str, Any]:
    """What each company has, by key."""
    companies = {}
    for company in COMPANIES:
        asked = {"query": ACCESSES, "variables": {"customer": company.key}}
        companies[company.key] = (await client.post("/graphql", json=asked)).json()["data"]
    return companies


async def test_filling_again_changes_nothing(database_url: str) -> None:
    once = await filled(database_url)
    again = await filled(database_url, a_day_later)

    assert again == once
    assert len(once["customers"]) == len(COMPANIES)
    assert len(once["usage_records"]) > 500


async def test_the_demo_of_an_instant_is_always_the_same(
    sqlite_url: str, migrated_file: Path, tmp_path: Path
) -> None:
    other = shutil.copy(migrated_file, tmp_path / "other.db")

    assert await filled(sqlite_url) == await filled(f"sqlite+aiosqlite:///{other}")


@pytest.mark.parametrize("done", [0.0, 0.3, 0.6, 0.95])
async def test_a_demo_that_was_cut_short_is_completed_as_if_it_had_not_been(
    sqlite_url: str, migrated_file: Path, tmp_path: Path, done: float
) -> None:
    other, clock = shutil.copy(migrated_file, tmp_path / "other.db"), Ticking()
    whole = await filled(f"sqlite+aiosqlite:///{other}", clock)
    opened = min(version.published_at for version in whole["package_versions"])

    await fill_until_the_power_is_cut(sqlite_url, opened + done * (clock.now - opened))
    completed = await filled(sqlite_url, a_day_later)

    for table in ("subscription_terms", "usage_records", "idempotency_keys"):
        assert completed[table] == whole[table]
    assert len(completed["customers"]) == len(whole["customers"])
    assert len(completed["package_versions"]) == len(whole["package_versions"])


async def test_a_live_environment_of_that_name_is_left_alone(database: Database) -> None:
    services = Services.on(database)
    await ensure_environment(services, "demo")
    before = await everything(database)
    with pytest.raises(Rejected) as refused:
        await fill(services)

    assert [problem.code for problem in refused.value.problems] == [ErrorCode.NOT_A_SANDBOX]
    assert await everything(database) == before


async def test_usage_spans_the_last_sixty_days_and_lies_in_the_past(sqlite_url: str) -> None:
    rows = await filled(sqlite_url)
    days = sorted((NOON - record.occurred_at) // DAY for record in rows["usage_records"])

    assert (days[0], days[-1]) == (0, 59)
    assert set(days) == set(range(60))


async def test_there_are_customers_near_their_limit_beyond_it_and_without_a_plan(
    demo_client: httpx.AsyncClient,
) -> None:
    companies = await seen(demo_client)
    accesses = [access for company in companies.values() for access in company["customer"]["accesses"]]
    percent = [access["usage"]["percentUsed"] for access in accesses if access["usage"]]

    assert sum(90 <= used < 100 for used in percent if used is not None) >= 3
    assert None in percent
    assert {access["reason"] for access in accesses} == {
        "GRANTED",
        "WITHIN_LIMIT",
        "UNLIMITED",
        "OVERAGE_ALLOWED",
        "WITHIN_CREDITS",
        "LIMIT_EXCEEDED",
    }
    assert companies["piccolo"]["access"]["reason"] == "NO_ACTIVE_SUBSCRIPTION"
    assert companies["nimbus"]["access"]["reason"] == "NOT_ENTITLED"


async def test_every_company_uses_what_is_reported_of_it(demo_client: httpx.AsyncClient) -> None:
    used = {
        (key, access["featureKey"]): access["usage"]["used"]
        for key, company in (await seen(demo_client)).items()
        for access in company["customer"]["accesses"]
        if access["usage"]
    }
    told = {
        (company.key, use.feature): str(use.lately)
        for company in COMPANIES
        for stay in company.stays
        for use in stay.uses
    }

    assert used == told


async def test_every_plan_has_a_customer(demo_client: httpx.AsyncClient) -> None:
    companies = (await seen(demo_client)).values()
    taken = {each["plan"]["key"] for company in companies for each in company["customer"]["subscriptions"]}

    assert taken == {offer.package.key for offer in OFFERS if isinstance(offer.package, Plan)}


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.key)
def test_on_any_day_current_periods_have_begun_days_ago_and_go_on_for_days(company: Company) -> None:
    monthly = Reset(every=ResetInterval.MONTH)
    for stay in company.stays:
        for day in range(4 * 366):
            now = NOON + day * DAY
            anchor = now - stay.days * DAY
            period = period_at(monthly, anchor=anchor, timezone=company.timezone, at=now)

            assert period.end is not None
            assert now - period.start > 3 * DAY < period.end - now


def test_every_stop_of_the_tour_answers_at_the_first_click(demo_file: Path, tmp_path: Path) -> None:
    shutil.copy(demo_file, tmp_path / "allotment.db")
    with serving(tmp_path, "--demo") as program:
        allowed, plan, edited, published, reported, consumed, why_not, topped_up, sold = (
            answer(program, example) for example in EXAMPLES
        )
        afterwards, plan_afterwards = (answer(program, example) for example in EXAMPLES[:2])
        again, why = answer(program, EXAMPLES[5])["consume"], answer(program, EXAMPLES[6])["access"]

    assert allowed["access"]["allowed"]
    assert allowed["access"]["reason"] == "WITHIN_LIMIT"
    assert allowed["access"]["displayText"] == "500 orders per month"
    assert allowed["access"]["usage"]["remaining"] == "88"
    assert (plan["plan"]["name"], plan["plan"]["basePlan"]["name"]) == ("Pro", "Starter")
    assert {(row["key"], row["origin"]) for row in plan["plan"]["entitlements"]} >= {
        ("seats", "OVERRIDDEN"),
        ("max-projects", "INHERITED"),
        ("sso", "OWN"),
    }
    assert edited["setEntitlement"]["entitlement"]["displayText"] == "60 seats"
    assert "60 seats" in texts(plan_afterwards)
    assert "60 seats" not in texts(plan)
    assert published["publishPackage"]["cascadedTo"] == [{"name": "Scale"}]
    assert len(published["publishPackage"]["version"]["changes"]) == 1
    assert reported["reportUsage"]["access"]["usage"]["used"] == "417"
    assert afterwards["access"]["usage"]["used"] == "417"
    assert (consumed["consume"]["consumed"], consumed["consume"]["access"]["usage"]["used"]) == (True, "39")
    assert (why_not["access"]["allowed"], why_not["access"]["reason"]) == (False, "INSUFFICIENT_CREDITS")
    assert why_not["access"]["creditCost"] == "35"
    assert "TOP_UP_CREDITS" in [one["kind"] for one in why_not["access"]["explanation"]["remedies"]]
    answered = topped_up["grantCredits"]["grant"]["customer"]["access"]
    assert (answered["allowed"], answered["reason"]) == (True, "WITHIN_CREDITS")
    assert answered["credits"] == {"available": "100"}
    assert (again["consumed"], again["access"]["reason"]) == (True, "WITHIN_CREDITS")
    assert (why["allowed"], why["explanation"]["remedies"]) == (True, [])
    calls = [column["callToAction"] for column in sold["pricingTable"]["columns"]]
    assert calls == ["DOWNGRADE", "DOWNGRADE", "CURRENT", "UPGRADE"]
    for act in (edited, published, reported, consumed, topped_up):
        (payload,) = act.values()
        assert payload["userErrors"] == []


def test_the_tour_uses_things_up_until_it_says_no(demo_file: Path, tmp_path: Path) -> None:
    shutil.copy(demo_file, tmp_path / "allotment.db")
    with serving(tmp_path, "--demo") as program:
        first, second = (answer(program, EXAMPLES[5])["consume"] for _ in range(2))

    assert (first["consumed"], first["access"]["usage"]["remaining"]) == (True, "1")
    assert (second["consumed"], second["access"]["reason"]) == (False, "INSUFFICIENT_CREDITS")


def texts(plan: Mapping[str, Any]) -> list[str]:
    """What a plan shows."""
    return [row["displayText"] for row in plan["plan"]["entitlements"]]


def answer(program: Program, example: TourStop) -> dict[str, Any]:
    """What an example answers, sent as its tab would send it."""
    answered = program.ask(example.tab["query"], **json.loads(example.tab["variables"]))

    assert answered.status_code == 200
    assert "errors" not in answered.json()
    return dict(answered.json()["data"])


LIVES = """{
  saltmarsh: customer(key: "saltmarsh") { ...Life }
  pinecone: customer(key: "pinecone") { ...Life }
  mosaic: customer(key: "mosaic") { ...Life }
  driftwood: customer(key: "driftwood") { ...Life }
}
fragment Life on Customer {
  subscriptions(includeEnded: true) {
    status
    plan { key }
    trialEndsAt
    endsAt
    currentPeriod { start end }
    scheduledChange { at plan { key } }
    addons { addon { key } quantity }
  }
}"""


async def test_trials_downgrades_and_cancellations_come_as_the_clock_is_advanced(
    demo_client: httpx.AsyncClient,
) -> None:
    before = await lives(demo_client)
    assert {name: life["status"] for name, life in before.items()} == {
        "saltmarsh": "IN_TRIAL",
        "pinecone": "IN_TRIAL",
        "mosaic": "ACTIVE",
        "driftwood": "ACTIVE",
    }

    assert (await lives_at(demo_client, before["saltmarsh"]["trialEndsAt"]))["saltmarsh"][
        "status"
    ] == "ACTIVE"
    assert (await lives_at(demo_client, before["pinecone"]["trialEndsAt"]))["pinecone"]["status"] == "EXPIRED"
    mosaic = (await lives_at(demo_client, before["mosaic"]["scheduledChange"]["at"]))["mosaic"]
    assert (mosaic["plan"]["key"], mosaic["addons"][0]["quantity"]) == ("starter", 2)
    driftwood = (await lives_at(demo_client, before["driftwood"]["endsAt"]))["driftwood"]
    assert driftwood["status"] == "CANCELED"


async def lives(client: httpx.AsyncClient) -> dict[str, Any]:
    """The only subscription of each of the four whose lives go on by themselves."""
    answer = (await client.post("/graphql", json={"query": LIVES})).json()["data"]
    return {name: customer["subscriptions"][0] for name, customer in answer.items()}


async def lives_at(client: httpx.AsyncClient, instant: str) -> dict[str, Any]:
    """Their subscriptions once the clock has reached an instant; it never goes back."""
    advance = "mutation ($to: DateTime!) { advanceClock(input: { to: $to }) { userErrors { code } } }"
    await client.post("/graphql", json={"query": advance, "variables": {"to": instant}})
    return await lives(client)
