from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from rules.standpoints import Standpoint
from schema.graph import graph
from schema.nodes import to_id
from server.config.limits import Limits
from server.execution import complexity
from server.execution.complexity import Measures, measure
from server.execution.costs import ANOTHER_INSTANT, LISTS, WEIGHTS
from tests.web.http.asking import Ask, Asker, codes


def doubling(fragments: int) -> str:
    """A document of few tokens with 2ⁿ fields in it."""
    chain = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments))
    return f"{{ ...F0 }} {' '.join(chain)} fragment F{fragments} on Query {{ __typename }}"


def nested(depth: int) -> str:
    """A document with so many levels of fields, the leaf counted."""
    levels = ['plan(key: "a")', *["basePlan"] * (depth - 2), "key"]
    return "{" + "{".join(levels) + "}" * depth


def measured(document: str) -> Measures:
    """Measure the one operation of a document."""
    ((_, measures),) = measure(graph.core, parse(document))
    return measures


def cost(document: str, **variables: object) -> int:
    """Give the cost of the one operation of a document."""
    return measured(document).cost.of(variables)


@pytest.mark.parametrize(
    ("most", "over"),
    [
        (nested(15), nested(16)),
        (
            "{" + " ".join(f"a{n}: __typename" for n in range(50)) + "}",
            "{" + " ".join(f"a{n}: __typename" for n in range(51)) + "}",
        ),
        (
            "{ viewer {" + " ".join(f"a{n}: kind" for n in range(100)) + "} }",
            "{ viewer {" + " ".join(f"a{n}: kind" for n in range(101)) + "} }",
        ),
        ("{ viewer {" + "kind " * 101 + "} }", "{ viewer {" + "kind " * 102 + "} }"),
        (
            "{" + "__typename @skip(if: false) " * 50 + "}",
            "{ viewer {" + "... @skip(if: false) { kind }" * 101 + "} }",
        ),
        ("{ viewer {" + "... { kind }" * 498 + "} __typename }", "{ viewer {" + "... { kind }" * 499 + "} }"),
    ],
    ids=["depth", "root fields", "aliases", "repeated fields", "directives", "tokens"],
)
async def test_a_document_may_be_as_large_as_its_limits(back_end: Asker, most: str, over: str) -> None:
    fits, refused = await back_end.post({"query": most}), await back_end.post({"query": over})

    assert codes(fits) == []
    assert codes(refused) == ["QUERY_TOO_COMPLEX"]
    assert "data" not in refused.json()


async def test_the_standard_introspection_query_just_fits(back_end: Asker) -> None:
    query = get_introspection_query()
    answer = await back_end.post({"query": query})

    assert codes(answer) == []
    assert measured(query).depth == Limits().depth


async def test_fragments_count_wherever_they_are_spread(back_end: Asker) -> None:
    roots = "{ ...A ...A } fragment A on Query { " + "viewer { kind } " * 26 + "}"
    aliases = "{ viewer { ...A ...B } } fragment A on Viewer { ...B ...B } fragment B on Viewer {"
    aliases += " ".join(f"a{n}: kind" for n in range(34)) + "}"
    several = "query A { viewer { ...A } } query B { viewer { ...A } } fragment A on Viewer {"
    several += " ".join(f"a{n}: kind" for n in range(51)) + "}"

    for document in (roots, aliases, several):
        assert codes(await back_end.post({"query": document, "operationName": "A"})) == ["QUERY_TOO_COMPLEX"]


@pytest.mark.parametrize("fragments", [20, 150])
async def test_a_document_that_fragments_blow_up_is_refused_after_one_pass(
    back_end: Asker, monkeypatch: pytest.MonkeyPatch, fragments: int
) -> None:
    visits = []
    visit = complexity._Pass._selection

    def counted(*arguments: Any) -> Measures:  # noqa: ANN401 - whatever the method takes
        visits.append(arguments)
        return visit(*arguments)

    monkeypatch.setattr(complexity._Pass, "_selection", counted)
    document = doubling(fragments)
    answers = [await back_end.post({"query": document}) for _ in range(3)]

    assert [codes(answer) for answer in answers] == [["QUERY_TOO_COMPLEX"]] * 3
    assert len(visits) == 2 * fragments + 2


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...Gone }",
        "{ ...A } fragment A on Gone { a }",
        "{ gone { gone { gone } } }",
        "{ __typename { a } viewer }",
        "query A { __typename } query A { __typename }",
    ],
)
async def test_what_does_not_fit_the_schema_is_measured_and_then_refused(
    back_end: Asker, document: str
) -> None:
    refused = await back_end.post({"query": document, "operationName": "A"})

    assert set(codes(refused)) == {"GRAPHQL_VALIDATION_FAILED"}


def test_a_chain_of_fragments_is_no_deeper_than_its_fields() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n - 1} }}" for n in range(180, 0, -1))

    assert measured(f"{{ ...F180 }} {chain} fragment F0 on Query {{ viewer {{ kind }} }}").depth == 2


def test_fields_cost_one_and_some_cost_more() -> None:
    access = '{ access(customer: "a", feature: "b") { allowed %s } }'

    assert cost("{ viewer { kind } }") == 2
    assert cost(access % "") == 6
    assert cost(access % "displayText") == 7
    assert cost(access % "sources { kind }") == 6 + 4 * (5 + 1)
    assert cost('mutation { upsertCustomer(input: { key: "a" }) { revision } }') == 11


def test_another_instant_costs_the_way_there_once() -> None:
    once = '{ access(customer: "a", feature: "b", at: %s) { allowed } }'
    many = "query ($c: [AccessCheckInput!]!, $t: DateTime) { accesses(checks: $c, at: $t) { allowed } }"

    assert cost(once % '"2050-01-01T00:00:00Z"') == 6 + ANOTHER_INSTANT
    assert cost(many, c=[{}] * 10_000) == 10_000 * 2 + ANOTHER_INSTANT


def test_what_is_asked_below_another_instant_costs_the_way_there_too() -> None:
    below = """{ access(customer: "a", feature: "b"%s) { sources { subscription { customer {
      access(feature: "c"%s) { allowed } } } } } }"""
    at = ', at: "2050-01-01T00:00:00Z"'
    plain, away, both = cost(below % ("", "")), cost(below % (at, "")), cost(below % (at, at))

    assert away == plain + ANOTHER_INSTANT * (1 + 4)
    assert both == away
    assert cost(below % ("", at)) == plain + ANOTHER_INSTANT * 4


def test_a_node_of_another_instant_costs_the_way_there() -> None:
    customer = '... on Customer { creditBalances { available } access(feature: "c") { allowed } }'
    one, many = "query ($i: ID!) { node(id: %s) { %s } }", "query ($i: [ID!]!) { nodes(ids: %s) { %s } }"
    now = to_id("Customer", 1, "a")
    then = to_id("Customer", 1, "a", standpoint=Standpoint(at=datetime(2050, 1, 1, tzinfo=UTC)))
    further = ANOTHER_INSTANT * (1 + 2)

    assert cost(one % ("$i", customer), i=then) == cost(one % ("$i", customer), i=now) + further
    assert cost(one % (f'"{then}"', "id")) == cost(one % (f'"{now}"', "id")) + ANOTHER_INSTANT
    assert cost(many % ("$i", customer), i=[then, now, then]) == (
        cost(many % ("$i", customer), i=[now] * 3) + 2 * further
    )
    assert cost(many % ("$i", "id"), i=then) == cost(many % ("$i", "id"), i=now) + ANOTHER_INSTANT
    assert cost(many % (f'["{then}", "{now}", $i]', "id")) == 6 + 2 * ANOTHER_INSTANT


def test_a_page_costs_what_its_items_cost() -> None:
    page = "query ($n: Int) { plans(first: %s) { nodes { key name } } }"

    assert cost(page % "3") == 3 * 4
    assert cost("{ plans { nodes { key name } } }") == 20 * 4
    assert cost(page % "$n", n=7) == 7 * 4
    assert cost(page % "$n") == cost(page % "$n", n=None) == 20 * 4
    assert cost(page % "$n", n=2_000_000_000) == cost(page % "2000000000") == 100 * 4
    assert cost(page % "-1") == 0


def test_pages_within_pages_multiply() -> None:
    versions = "query ($n: Int, $m: Int) { plans(first: $n) { nodes { ...V } } }"
    versions += "fragment V on Plan { versions(first: $m) { nodes { number } } }"

    assert cost(versions, n=3, m=5) == 3 * (1 + 1 + 5 * (1 + 1 + 1))


def test_a_batch_costs_what_its_inputs_cost() -> None:
    many = "query ($c: [AccessCheckInput!]!) { accesses(checks: $c) { allowed reason } }"
    reports = "mutation ($r: [ReportUsageInput!]!) { reportUsageBatch(reports: $r) { recorded } }"
    written = 'mutation { reportUsageBatch(reports: [{ customer: "a", feature: "b" }]) { recorded } }'

    assert cost(many, c=[{}] * 10_000) == 10_000 * 3
    assert cost(many, c={}) == 3
    assert cost(reports, r=[{}] * 1_000) == 1_000 * 11
    assert cost(written) == 11


async def test_every_answer_says_what_it_cost(back_end: Asker) -> None:
    answer = await back_end.post({"query": "{ viewer { kind } }"})

    assert answer.json()["extensions"] == {"cost": {"requested": 2, "limit": Limits().cost}}


async def test_an_operation_that_costs_too_much_is_refused_before_it_begins(ask: Ask) -> None:
    asker = ask(limits=Limits(cost=100))
    query = "query ($n: Int) { plans(first: $n) { nodes { key name } } }"
    fits = await asker.post({"query": query, "variables": {"n": 25}})
    refused = await asker.post({"query": query, "variables": {"n": 26}})

    assert codes(fits) == []
    assert codes(refused) == ["QUERY_TOO_COMPLEX"]
    assert refused.json()["extensions"] == {"cost": {"requested": 104, "limit": 100}}


async def test_as_many_questions_as_may_be_asked_do_not_cost_too_much(back_end: Asker) -> None:
    query = """query ($c: [AccessCheckInput!]!) {
      accesses(checks: $c) {
        customerKey featureKey allowed reason requested validUntil displayText
        usage { used reserved limit unlimited remaining overage percentUsed period { start end } }
      }
    }"""
    checks = [{"customer": "nobody", "feature": "nothing"}] * 10_000
    answer = await back_end.post({"query": query, "variables": {"c": checks}})

    assert codes(answer) == []
    assert len(answer.json()["data"]["accesses"]) == 10_000


def test_every_dear_field_is_one_of_the_schema() -> None:
    types = graph.core.type_map
    places = {f"{name}.{field}" for name in types for field in getattr(types[name], "fields", ())}

    assert (WEIGHTS.keys() | LISTS.keys()) <= places
