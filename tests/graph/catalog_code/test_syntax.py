from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from resolvers.catalog_code import json_tokens, yaml_tokens
from resolvers.catalog_code.syntax import DEEPEST, Broken, Flaw, Walk, assemble, places
from tests.rules.builders.histories import awkward, json_values, words

NOTATIONS = [pytest.param(yaml_tokens, id="YAML"), pytest.param(json_tokens, id="JSON")]

AWKWARD = [
    *awkward,
    *("yes", "Off", "null", "True", "1", "-1.5", "010", "1_000", "0x1F", "0b1", "1e3", ".5", "5.", ".inf"),
    *("", " ", "a b ", " a", "a: b", "a #b", "#a", "- a", "-", "?", "!a", "&a", "*a", "@a", "`a", "%a", "|"),
    *("a\tb", "a\n\nb", "a\n", "\na", "a\n b", "a \nb", "a\r\nb", "{a: 1}", "[1]", "a, b", "'a'", '"a"'),
    *("\x7f", "\x85", "\u2028", "\ufeff", "\U0001f600", "12:30:00", "2026-11-21", "=", "<<", "x" * 2_000),
]

documents = st.dictionaries(
    words | st.sampled_from(AWKWARD), json_values | st.sampled_from(AWKWARD), max_size=5
)


def read(notation: ModuleType, text: str) -> Any:  # noqa: ANN401 - whatever the text says
    """What a text without flaws says."""
    walk = Walk(notation.read_tokens(text))
    value = assemble(walk)
    assert walk.flaws == []
    return value


def flaws(notation: ModuleType, text: str) -> list[str]:
    """Line, column and message of what is wrong with a text."""
    walk = Walk(notation.read_tokens(text))
    found = walk.flaws
    try:
        assemble(walk)
    except Broken as broken:
        found = [*found, broken.flaw]
    assert all(flaw.message.endswith(".") for flaw in found)
    return [_shown(flaw) for flaw in found]


def _shown(flaw: Flaw) -> str:
    return f"{flaw.line}:{flaw.column} {flaw.message}"


@pytest.mark.parametrize("notation", NOTATIONS)
@given(document=documents)
def test_what_is_written_is_read_again(notation: ModuleType, document: dict[str, object]) -> None:
    text = notation.write(document)

    again = assemble(_as_json(Walk(notation.read_tokens(text))))

    assert again == document
    assert text.endswith("\n")


def _as_json(walk: Walk) -> Any:  # noqa: ANN401 - steps, with floats for fractions as JSON has them
    return (
        step._replace(value=float(step.value)) if isinstance(step.value, Decimal) else step for step in walk
    )


@given(document=documents)
def test_readers_of_the_older_yaml_read_the_same(document: dict[str, object]) -> None:
    text = yaml_tokens.write(document)

    assert yaml.safe_load(text) == document or _holds_what_it_misreads(document)


def _holds_what_it_misreads(value: object) -> bool:
    """Whether YAML 1.1 cannot read a value however it is written: an exponent without a point."""
    if isinstance(value, dict):
        return any(map(_holds_what_it_misreads, value.values()))
    if isinstance(value, list):
        return any(map(_holds_what_it_misreads, value))
    return isinstance(value, float) and "e" in repr(value)


@pytest.mark.parametrize("text", AWKWARD)
def test_a_text_stays_a_text(text: str) -> None:
    document = {"a": text, "b": [text, {"c": text}], text: {text: [text]}}

    assert read(yaml_tokens, yaml_tokens.write(document)) == document


def test_yaml_is_written_for_people() -> None:
    document = {
        "plans": {
            "pro": {
                "name": "Pro",
                "description": "For teams.\nAnd their friends.",
                "compatibleAddons": [],
                "entitlements": [
                    {"key": "sso"},
                    {"key": "seats", "metered": {"limit": 5}, "hiddenFrom": ["PRICING_TABLE"]},
                ],
                "metadata": {"a": "no", "b": None, "c": True, "d": "1.5"},
            },
            "2024": {"name": "x" * 90, "metadata": {"long": "y" * 90}},
        }
    }

    assert yaml_tokens.write(document) == (
        "plans:\n"
        "  pro:\n"
        "    name: Pro\n"
        "    description: |-\n"
        "      For teams.\n"
        "      And their friends.\n"
        "    compatibleAddons: []\n"
        "    entitlements:\n"
        "      - key: sso\n"
        "      - key: seats\n"
        "        metered: {limit: 5}\n"
        "        hiddenFrom: [PRICING_TABLE]\n"
        '    metadata: {a: "no", b: null, c: true, d: "1.5"}\n'
        '  "2024":\n'
        f"    name: {'x' * 90}\n"
        "    metadata:\n"
        f"      long: {'y' * 90}\n"
    )


def test_nothing_is_written_as_nothing() -> None:
    assert yaml_tokens.write({}) == "{}\n"
    assert json_tokens.write({}) == "{}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("12", 12),
        ("-12", -12),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("19.90", Decimal("19.90")),
        ("1e3", Decimal(1_000)),
        (".5", Decimal("0.5")),
        ("0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("2026-11-21", "2026-11-21"),
        ("=", "="),
        ("'12'", "12"),
        ('"no"', "no"),
        ('"\\u00e9"', "é"),
    ],
)
def test_yaml_is_read_as_version_1_2_says_and_numbers_keep_their_digits(text: str, value: object) -> None:
    found = read(yaml_tokens, f"a: {text}")["a"]

    assert found == value
    assert type(found) is type(value)


def test_a_key_is_a_text_whatever_it_looks_like() -> None:
    assert read(yaml_tokens, "2024: a\ntrue: b\n~: c\n") == {"2024": "a", "true": "b", "~": "c"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("19.90", Decimal("19.90")),
        ("1e3", Decimal(1_000)),
        ("-0", 0),
        ("true", True),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_json_keeps_its_digits_too(text: str, value: object) -> None:
    assert read(json_tokens, f'{{"a":\t{text} }}') == {"a": value}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", ["3:1 'a' is listed twice."]),
        ("a: {b: 1, 'b': 2}\na: 3", ["1:11 'b' is listed twice.", "2:1 'a' is listed twice."]),
        ("a: 1\n---\nb: 2", ["2:1 A second document begins here: only one is supported."]),
        ("a: &x 1\nb: *x", ["1:4 Anchors are not supported: write the value out where it is used."]),
        ("a: *x", ["1:4 Aliases are not supported: write the value out."]),
        ("a: !!python/object:os.system 1", ["1:4 Tags are not supported: leave this one out."]),
        ("a: !!str 1", ["1:4 Tags are not supported: leave this one out."]),
        ("? [a]\n: 1", ["1:3 A key must be a string."]),
        ("? {a: 1}\n: 1", ["1:3 A key must be a string."]),
        (
            "a: .inf\nb: -.INF\nc: .nan",
            [f"{n}:4 {t} is not a finite number." for n, t in ((1, ".inf"), (2, "-.INF"), (3, ".nan"))],
        ),
        ("a: 1e99999999999999999999", ["1:4 The number has too many digits."]),
        (f"a: {'9' * 5_000}", ["1:4 The number has too many digits."]),
        (f"a: 0x{'f' * 5_000}", ["1:4 The number has too many digits."]),
        ("a: \x07", ["1:4 A document does not hold the character U+0007."]),
        ('a: "\\0"', ["1:4 The string contains a character that cannot be stored."]),
        ('"\\0": 1', ["1:1 The key contains a character that cannot be stored."]),
        ("a:\n\t- b", ["2:1 This is not YAML: found character that cannot start any token."]),
        ("a: [1, 2", ["2:1 This is not YAML: expected ',' or ']' is missing."]),
        ("a: b: c", ["1:5 This is not YAML: mapping values are not allowed in this context."]),
        (
            "plans:\n  pro:\n  name: x\n   position: 1",
            ["4:12 This is not YAML: mapping values are not allowed in this context."],
        ),
    ],
)
def test_what_is_wrong_with_yaml_is_reported_with_its_place(text: str, told: list[str]) -> None:
    assert flaws(yaml_tokens, text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["1:1 This is not JSON: expecting value."]),
        ('{"a": 1,\n "b": }', ["2:7 This is not JSON: expecting value."]),
        ('{"a": 1}\n{}', ["2:1 This is not JSON: extra data."]),
        ("{'a': 1}", ["1:2 This is not JSON: expecting property name enclosed in double quotes."]),
        ('{"a": 01}', ["1:8 This is not JSON: expecting ',' delimiter."]),
        ('{"a": NaN}', ["1:7 This is not JSON: NaN is not a number."]),
        ('{"a": -Infinity}', ["1:7 This is not JSON: -Infinity is not a number."]),
        ('{"a": 1,\n  "a": 2}', ["2:3 'a' is listed twice."]),
        ('{"a": "\\u0000"}', ["1:7 The string contains a character that cannot be stored."]),
        ('{"a": "\\ud800"}', ["1:7 The string contains a character that cannot be stored."]),
        (f'{{"a": {"9" * 5_000}}}', ["1:7 The number has too many digits."]),
        ("[" * 100_000, ["1:1 Lists and mappings are nested far too deep."]),
    ],
)
def test_what_is_wrong_with_json_is_reported_with_its_place(text: str, told: list[str]) -> None:
    assert flaws(json_tokens, text) == told


TOO_DEEP = f"1:{DEEPEST + 1} Lists and mappings may be nested at most {DEEPEST} deep."


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_document_is_only_so_deep(notation: ModuleType) -> None:
    fits, deeper = ("[" * depth + "]" * depth for depth in (DEEPEST, DEEPEST + 1))

    read(notation, fits)

    assert flaws(notation, deeper) == [f"1:{DEEPEST + 1} Lists and mappings may be nested at most 64 deep."]


@pytest.mark.parametrize("opening", ["[", "{a: ", "[{a: ", "- "])
def test_deep_nonsense_is_given_up_at_once(opening: str) -> None:
    (flaw,) = flaws(yaml_tokens, opening * 100_000)
    place, _, message = flaw.partition(" ")
    line, column = map(int, place.split(":"))

    assert message == "Lists and mappings may be nested at most 64 deep."
    # Ours is the first that is too deep, unless libyaml has read ahead to the end of its own patience.
    assert line == 1
    assert DEEPEST < column <= 1_001 * len(opening)


def test_a_bomb_of_aliases_is_no_bomb() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{after}: &{after} [*{before}, *{before}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert flaws(yaml_tokens, bomb) == [
        "1:4 Anchors are not supported: write the value out where it is used."
    ]


YAML = """\
plans:
  # The first.
  pro:
    name: Pro
    entitlements:
      - key: sso
      - {key: seats, metered: {limit: 5}}
"""

JSON = """\
{
  "plans": {
    "pro": {"name": "Pro", "entitlements": [
      {"key": "sso"},
      {"key": "s\\u00e9ats", "metered": {"limit": 5}}
    ]}
  }
}
"""

SECOND = ("plans", "pro", "entitlements", "1")


@pytest.mark.parametrize(
    ("path", "yaml_place", "json_place"),
    [
        ((), (1, 1), (1, 1)),
        (("plans",), (1, 1), (2, 3)),
        (("plans", "pro", "name"), (4, 5), (3, 13)),
        (SECOND, (7, 9), (5, 7)),
        ((*SECOND, "metered", "limit"), (7, 32), (5, 41)),
        ((*SECOND, "metered", "nothing", "below"), (7, 22), (5, 29)),
        (("addons", "pack"), (1, 1), (1, 1)),
    ],
)
def test_a_place_is_found_or_the_nearest_around_it(
    path: tuple[str, ...], yaml_place: tuple[int, int], json_place: tuple[int, int]
) -> None:
    assert places(Walk(yaml_tokens.read_tokens(YAML)), [path]) == {path: yaml_place}
    assert places(Walk(json_tokens.read_tokens(JSON)), [path]) == {path: json_place}


def test_columns_count_characters() -> None:
    assert places(Walk(yaml_tokens.read_tokens("{é😀: 1, b: 2}")), [("b",)]) == {("b",): (1, 9)}
    assert places(Walk(json_tokens.read_tokens('{"é😀": 1, "b": 2}')), [("b",)]) == {("b",): (1, 11)}
