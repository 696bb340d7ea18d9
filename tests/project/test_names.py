"""Names that a stranger understands: functions say what they do or return, and a name has one meaning."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest

from tests.project.repository import ROOMS, Source, sources

PROJECT = sources(*ROOMS)

IRREGULAR = frozenset(
    [
        *("begun", "bought", "bound", "broken", "brought", "built", "caught", "chosen", "dealt", "drawn"),
        *("driven", "felt", "found", "given", "gone", "grown", "heard", "held", "hidden", "kept", "known"),
        *("laid", "led", "left", "lent", "lost", "made", "meant", "met", "paid", "said", "seen", "sent"),
        *("shown", "sold", "spent", "spoken", "stood", "stuck", "sworn", "taken", "thought", "thrown"),
        *("told", "torn", "understood", "won", "worn", "written"),
    ]
)
"""Participles without -ed and -ing. Those that are imperatives too (cut, put, read, set) are left out."""

PARTICLES = frozenset(
    ["at", "back", "by", "down", "for", "from", "in", "of", "off", "on", "out", "over", "to", "up", "with"]
)

NO_PARTICIPLES = frozenset({"bring", "embed", "feed", "need", "ping", "seed", "string"})
"""Words that end like participles and are none."""

NOUNS = {
    "heading": "what stands above the rows of a plan",
    "metering": "the period and the window in which usage counts",
}
"""Functions that return what their name, a noun, says."""

GRAPH = "the graph's type of the fact that has this name"
RESOLVER = "the resolver of the rule that has this name"
STORE = "a verb of a store, which callers write with the name of its module"
NOTATION = "a function that the modules of both notations have, YAML and JSON"
COMMAND = "a command of the command line has the name of what it does"

TWICE = {
    **dict.fromkeys(
        [
            *("Addon", "ApiKey", "ComparisonCell", "ComparisonRow", "CreditRate", "CreditType"),
            *("CustomEntitlement", "Customer", "Environment", "Explanation", "Feature", "Meter"),
            *("MeterFilter", "Money", "OverageRate", "Package", "Period", "Plan", "PlanChangePreview"),
            *("Price", "PricingColumn", "PricingRow", "PricingTable", "Product", "PublishPreview", "Remedy"),
            *("Reservation", "Unit", "UsageBalance", "Viewer"),
        ],
        GRAPH,
    ),
    **dict.fromkeys(
        [
            *("create_addon", "create_credit_type", "create_feature", "create_plan", "create_product"),
            *("discard_draft", "grants", "pricing_table", "remove_entitlement", "remove_price"),
            *("reorder_entitlements", "set_base_plan", "set_credit_rate", "set_entitlement", "set_price"),
            *("update_addon", "update_credit_type", "update_feature", "update_plan", "update_product"),
        ],
        RESOLVER,
    ),
    **dict.fromkeys(["count", "create", "find", "load", "lock", "page", "save"], STORE),
    **dict.fromkeys(["read_tokens", "write"], NOTATION),
    **dict.fromkeys(["create_key", "export", "migrate", "revoke_key"], COMMAND),
    "Subscription": "GraphQL's own name for a root, and a customer's subscription",
    "engine": "one for each database, with the same arguments",
    "main": "the entry of a program",
}
"""Public names that two modules define, each with the reason."""


def is_bare_participle(name: str) -> bool:
    """Whether a name says what has happened or happens, and not to what: ``held``, ``given_back``."""
    first, *rest = name.split("_")
    if not PARTICLES.issuperset(rest) or first in NO_PARTICIPLES:
        return False
    return first in IRREGULAR or re.search(r"[a-z]{2}(ed|ing)$", first) is not None


def public(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The classes and functions that other modules may use."""
    for node in source.tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not node.name.startswith("_"):
            yield node


def bare_participles(project: Iterable[Source]) -> list[str]:
    """Public functions whose name is a bare participle, and no noun."""
    return [
        f"{source.module}.{node.name}"
        for source in project
        for node in public(source)
        if not isinstance(node, ast.ClassDef)
        if is_bare_participle(node.name) and node.name not in NOUNS
    ]


def names_with_two_meanings(project: Iterable[Source]) -> dict[str, list[str]]:
    """Public names that several modules define, with these modules."""
    homes = defaultdict(list)
    for source in project:
        for name in dict.fromkeys(node.name for node in public(source)):
            homes[name].append(source.module)
    return {name: modules for name, modules in sorted(homes.items()) if len(modules) > 1}


def test_no_public_function_is_a_bare_participle() -> None:
    assert bare_participles(PROJECT) == []


def test_every_public_name_has_one_meaning() -> None:
    found = names_with_two_meanings(PROJECT)

    assert {name: modules for name, modules in found.items() if name not in TWICE} == {}


def test_every_exception_is_still_needed() -> None:
    written = {node.name for source in PROJECT for node in public(source)}

    assert set(TWICE) <= set(names_with_two_meanings(PROJECT))
    assert set(NOUNS) <= written


@pytest.mark.parametrize("name", ["held", "given_back", "settled_by", "counting", "told", "burned_for"])
def test_a_bare_participle_is_found(name: str) -> None:
    assert bare_participles([Source("rules/a.py", f"async def {name}(): ...")]) == [f"rules.a.{name}"]


@pytest.mark.parametrize("name", ["read", "refund", "heading", "need", "_held", "settled_addons", "load_all"])
def test_verbs_and_nouns_are_no_bare_participles(name: str) -> None:
    assert bare_participles([Source("rules/a.py", f"def {name}(): ...")]) == []


def test_a_name_that_two_modules_define_is_found_and_one_that_is_imported_is_not() -> None:
    project = [
        Source("rules/a.py", "class Held: ...\ndef f(): ..."),
        Source("models/b.py", "def Held(): ..."),
        Source("server/c.py", "from rules.a import f\ndef _g(): ..."),
        Source("server/d.py", "def _g(): ..."),
    ]

    assert names_with_two_meanings(project) == {"Held": ["rules.a", "models.b"]}
