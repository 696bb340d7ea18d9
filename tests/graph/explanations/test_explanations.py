"""Why a question is answered as it is, as the graph tells it."""

from __future__ import annotations

import pytest
import pytest_asyncio

from models.database.transactions import Database
from tests.graph.access.test_statement_counts import statements
from tests.graph.client import Client, Clock
from tests.graph.operations import operation

WHY = """explanation {
  summary
  steps { check outcome decisive }
  remedies { kind summary amount at priceKey plan { key } addon { key } values }
}"""


@pytest_asyncio.fixture
async def free(acme: Client) -> Client:
    """The shop, whose customer "acme" is on the plan "free"."""
    await acme.do("subscribe", customer="acme", plan="free")
    return acme


def remedy(kind: str, summary: str, **said: object) -> dict[str, object]:
    """A remedy as it is shown."""
    nothing = dict.fromkeys(["amount", "at", "priceKey", "plan", "addon", "values"])
    return {"kind": kind, "summary": summary, **nothing, **said}


@operation("Why")
async def test_support_reads_why_a_customer_may_not(free: Client, document: str) -> None:
    answer = (await free.ask(document, c="acme"))["access"]

    assert (answer["allowed"], answer["reason"]) == (False, "NOT_ENTITLED")
    told = answer["explanation"]
    assert told["summary"] == "acme may not use sso: no plan, add-on or custom entitlement gives it."
    assert [step["decisive"] for step in told["steps"]] == [False, False, False, False, True]
    assert told["remedies"] == [
        {
            "kind": "UPGRADE",
            "summary": "Upgrade to pro at $49.00 a month.",
            "plan": {"name": "pro"},
            "addon": None,
        }
    ]


@operation("WhyThen")
async def test_the_past_is_explained_by_what_was_then(free: Client, clock: Clock, document: str) -> None:
    clock.forward(days=30)

    answer = (await free.ask(document, c="acme"))["access"]

    assert answer["allowed"] is False
    assert answer["explanation"]["summary"].startswith("acme may not use exports: no subscription")


async def test_a_refused_consumption_tells_what_would_help(free: Client) -> None:
    await free.do("reportUsage", customer="acme", feature="api-calls", value=95)

    answer = await free.try_to(
        "consume",
        f"consumed access {{ allowed {WHY} }}",
        customer="acme",
        feature="api-calls",
        quantity=10,
    )

    assert answer["consumed"] is False
    told = answer["access"]["explanation"]
    assert told["summary"] == (
        "acme may not use 10 API calls: 95 of 100 API calls are used, and usage starts again on "
        "December 15, 2026, 12:00 (UTC)."
    )
    assert told["steps"][-1]["check"] == "limit"
    assert told["remedies"][:2] == [
        remedy("REQUEST_LESS", "Request at most 5 API calls.", amount="5"),
        remedy(
            "WAIT_FOR_RESET",
            "Wait until December 15, 2026, 12:00 (UTC), when usage starts again.",
            at="2026-12-15T12:00:00Z",
        ),
    ]
    assert [known["plan"]["key"] for known in told["remedies"][2:]] == ["starter", "pro"]


async def test_what_a_remedy_names_can_be_sent_as_it_is(free: Client) -> None:
    document = f'query Ask {{ access(customer: "acme", feature: "sso") {{ allowed {WHY} }} }}'
    (upgrade,) = (await free.ask(document))["access"]["explanation"]["remedies"]

    await free.do("changePlan", customer="acme", plan=upgrade["plan"]["key"], price=upgrade["priceKey"])

    after = (await free.ask(document))["access"]
    assert after["allowed"] is True
    assert after["explanation"]["remedies"] == []


async def test_holds_stand_in_the_way_of_those_remedies_that_they_stand_in_the_way_of(
    free: Client,
) -> None:
    await free.do("reserve", customer="acme", feature="api-calls", quantity=60, key="job", ttlSeconds=86_400)
    document = f"""query Ask($r: Decimal) {{
      access(customer: "acme", feature: "api-calls", requested: $r) {{ allowed {WHY} }}
    }}"""

    told = (await free.ask(document, r=50))["access"]["explanation"]

    assert told["summary"].startswith(
        "acme may not use 50 API calls: 0 of 100 API calls are used and 60 held"
    )
    assert told["remedies"][0]["amount"] == "40"


async def test_another_time_is_not_changed_by_what_is_done_now(free: Client, clock: Clock) -> None:
    clock.forward(days=3)
    document = f"""query Ask($at: DateTime!) {{
      access(customer: "acme", feature: "sso", at: $at) {{ allowed {WHY} }}
    }}"""

    for at in ("2026-11-16T00:00:00Z", "2027-11-16T00:00:00Z"):
        assert (await free.ask(document, at=at))["access"]["explanation"]["remedies"] == []


MANY = """query Many($checks: [AccessCheckInput!]!) {
  accesses(checks: $checks) { allowed explanation { summary remedies { kind plan { key } } } }
}"""


@pytest.mark.parametrize("count", [1, 10, 300])
async def test_many_explanations_cost_what_one_costs(free: Client, database: Database, count: int) -> None:
    names = [f"customer-{number}" for number in range(10)]
    for name in names:
        await free.do("upsertCustomer", key=name)
    features = ["sso", "api-calls", "tokens"]
    checks = [{"customer": names[n % 10], "feature": features[n % 3]} for n in range(count)]

    with statements(database) as told:
        answers = (await free.ask(MANY, checks=checks))["accesses"]

    assert len(answers) == count
    assert all(answer["explanation"]["remedies"] for answer in answers)
    assert len(told) <= 14


async def test_an_explanation_that_nobody_asks_for_costs_nothing(free: Client, database: Database) -> None:
    plain = 'query Ask { access(customer: "acme", feature: "sso") { allowed reason } }'
    why = 'query Ask { access(customer: "acme", feature: "sso") { explanation { summary } } }'
    await free.ask(plain)
    with statements(database) as asked:
        await free.ask(plain)
    with statements(database) as explained:
        await free.ask(why)

    assert len(asked) < len(explained)
