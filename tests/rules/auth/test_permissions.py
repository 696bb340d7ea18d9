"""Who may ask what, as rules alone: what scopes, publishable keys and customers' tokens open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import (
    MUTATIONS,
    NODES,
    QUERIES,
    SUBSCRIPTIONS,
    Permission,
    Viewer,
    refusal,
    substitute,
)

EVERY = {**QUERIES, **MUTATIONS, **SUBSCRIPTIONS}

permissions = st.sampled_from([*EVERY.values(), *NODES.values()])
scopes = st.frozensets(st.sampled_from(Scope))


def secret(*scopes: Scope) -> Viewer:
    return Viewer(environment=1, kind=ApiKeyKind.SECRET, scopes=frozenset(scopes))


PUBLISHABLE = Viewer(environment=1, kind=ApiKeyKind.PUBLISHABLE, scopes=frozenset())
ACME = Viewer(environment=1, kind=ApiKeyKind.CUSTOMER, scopes=frozenset(), customer="acme")


def may(viewer: Viewer, field: str, **arguments: object) -> bool:
    return refusal(viewer, EVERY[field], arguments) is None


@given(permissions, scopes, st.sampled_from(Scope))
def test_one_more_scope_never_takes_anything_away(
    permission: Permission, scopes: frozenset[Scope], more: Scope
) -> None:
    if refusal(secret(*scopes), permission, {}) is None:
        assert refusal(secret(*scopes, more), permission, {}) is None


@given(permissions)
def test_a_key_with_every_scope_may_ask_anything(permission: Permission) -> None:
    assert refusal(secret(*Scope), permission, {"customer": "acme"}) is None


def test_a_key_without_scopes_may_ask_who_it_is() -> None:
    assert [name for name in EVERY if may(secret(), name)] == ["viewer", "node", "nodes"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_only_back_ends_change_anything(name: str) -> None:
    for viewer in (PUBLISHABLE, ACME):
        assert not may(viewer, name, customer="acme", input={"customer": "acme"})


@given(st.sampled_from(sorted(EVERY)), st.sampled_from([PUBLISHABLE, ACME]), scopes)
def test_scopes_of_a_key_that_is_not_secret_open_nothing(
    name: str, bare: Viewer, scopes: frozenset[Scope]
) -> None:
    scoped = replace(bare, scopes=scopes)

    assert may(scoped, name) == may(bare, name)
    assert not scoped.sees_drafts


@pytest.mark.parametrize("field", ["access", "accessChanged", "creditBalanceChanged", "pricingTable"])
def test_a_token_is_for_its_customer_and_no_other(field: str) -> None:
    assert may(ACME, field, customer="acme")
    assert not may(ACME, field, customer="globex")
    assert not may(ACME, field, customer="ACME")


def test_a_token_may_leave_out_whose_prices_it_asks_for() -> None:
    assert may(ACME, "pricingTable", product="app")
    assert may(ACME, "pricingTable", product="app", customer=None)


def test_a_publishable_key_asks_for_prices_of_nobody_in_particular() -> None:
    assert may(PUBLISHABLE, "pricingTable", product="app", customer=None)
    assert not may(PUBLISHABLE, "pricingTable", product="app", customer="acme")


@given(st.lists(st.sampled_from(["acme", "globex", ""])))
def test_of_many_questions_a_token_may_ask_none_about_another(names: list[str]) -> None:
    checks = [{"customer": name, "feature": "seats"} for name in names]

    assert may(ACME, "accesses", checks=checks) == (set(names) <= {"acme"})


def test_every_refusal_says_in_a_sentence_what_it_takes() -> None:
    refusals = [
        refusal(secret(), EVERY["access"], {}),
        refusal(PUBLISHABLE, EVERY["access"], {}),
        refusal(ACME, EVERY["customers"], {}),
        refusal(ACME, EVERY["access"], {"customer": "globex"}),
    ]

    assert refusals == [
        "This requires a key with the scope CUSTOMERS_READ.",
        "This requires a secret key; this one is publishable.",
        "This requires a secret key; this is a customer token.",
        "This token belongs to one customer and cannot read another.",
    ]


@pytest.mark.parametrize("viewer", [PUBLISHABLE, ACME, secret(Scope.CUSTOMERS_READ)], ids=str)
def test_anyone_who_may_not_see_the_catalog_sees_nothing_of_what_is_not_published(viewer: Viewer) -> None:
    assert substitute(viewer, "Plan.draft") == (None,)
    assert substitute(viewer, "PackageVersion.subscriptionCount") == (0,)
    assert substitute(viewer, "Feature.metadata") == ({},)


@pytest.mark.parametrize("scope", [Scope.CATALOG_READ, Scope.CATALOG_WRITE])
def test_anyone_who_reads_or_changes_the_catalog_sees_all_of_it(scope: Scope) -> None:
    assert substitute(secret(scope), "Plan.draft") is None


def test_what_a_back_end_keeps_of_a_customer_is_not_for_the_customer() -> None:
    assert substitute(ACME, "Customer.metadata") == ({},)
    assert substitute(secret(Scope.CUSTOMERS_READ), "Customer.metadata") is None


@pytest.mark.parametrize("field", ["Customer.name", "Customer.email", "Customer.metadata"])
def test_anyone_who_a_customer_is_is_for_those_who_read_or_write_customers(field: str) -> None:
    assert substitute(secret(Scope.USAGE_WRITE, Scope.CREDITS_WRITE), field) in [(None,), ({},)]
    assert substitute(secret(Scope.CUSTOMERS_READ), field) is None
    assert substitute(secret(Scope.CUSTOMERS_WRITE), field) is None


def test_customers_may_know_who_they_are() -> None:
    assert substitute(ACME, "Customer.email") is None
