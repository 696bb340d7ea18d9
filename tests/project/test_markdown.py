from __future__ import annotations

import pytest

from tests.project.markdown import (
    Block,
    anchors,
    blocks,
    differences,
    examples,
    headings,
    links,
    rows,
    section,
)

PAGE = """# Access

Ask [so](recipes/ask.md#how), see ![the page](page.png "A page") and `[this](never.md)`:

```graphql
{ access { allowed } }
```

which answers

```json
{"data": {"access": {"allowed": true}}}
```

## In code

```sh
# Not a heading, [not a link](gone.md)
```

```graphql
type Query { unanswered: Boolean }
```

### `keys create`

| Code | When |
|---|---|
| `A` | one \\| other |
| `B` | never |

## After

| Code | When |
|:--|--:|
| `C` | always |
"""


def test_the_blocks_of_a_page_know_their_language_and_line() -> None:
    assert blocks(PAGE)[0] == Block("graphql", "{ access { allowed } }\n", 5)
    assert [block.language for block in blocks(PAGE)] == ["graphql", "json", "sh", "graphql"]


def test_a_document_followed_by_its_answer_is_an_example() -> None:
    (example,) = examples(PAGE)

    assert (example.line, example.document) == (5, "{ access { allowed } }\n")
    assert example.answer == {"data": {"access": {"allowed": True}}}


def test_an_answer_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        examples("```graphql\n{ a }\n```\n```json\n{data}\n```\n")


def test_code_holds_neither_headings_nor_links() -> None:
    assert headings(PAGE, 1) == ["Access"]
    assert headings(PAGE, 2) == ["In code", "After"]
    assert links(PAGE) == ["recipes/ask.md#how", "page.png"]
    assert anchors(PAGE) == {"access", "in-code", "keys-create", "after"}


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    assert rows(section(PAGE, "In code")) == [["`A`", "one \\| other"], ["`B`", "never"]]
    assert rows(section(PAGE, "After")) == [["`C`", "always"]]


def test_a_section_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="no heading 'Before'"):
        section(PAGE, "Before")


@pytest.mark.parametrize(
    ("promised", "given"),
    [
        ({"a": 1, "b": [True, None]}, {"b": [True, None], "a": 1}),
        ({"at": "…"}, {"at": "2026-01-01T00:00:00Z"}),
        (["…"], [{"id": "x"}]),
    ],
)
def test_an_answer_is_the_promised_one(promised: object, given: object) -> None:
    assert list(differences(promised, given)) == []


@pytest.mark.parametrize(
    ("promised", "given", "complaint"),
    [
        ({"data": {"n": 1}}, {"data": {"n": 2}}, "answer.data.n is 2, not 1"),
        ({"n": 1}, {"n": True}, "answer.n is true, not 1"),
        ({"n": "1"}, {"n": 1}, 'answer.n is 1, not "1"'),
        ({"n": 1}, {}, "answer.n is missing"),
        ({}, {"n": 1}, "answer.n is not promised"),
        ({"at": "…"}, {"at": None}, 'answer.at is null, not "\\u2026"'),
        ({"at": "…"}, {}, "answer.at is missing"),
        ({"n": [1, 2]}, {"n": [1]}, "answer.n is [1], not [1, 2]"),
        ({"n": [1, 2]}, {"n": [1, 3]}, "answer.n[1] is 3, not 2"),
        ({"n": {}}, {"n": []}, "answer.n is [], not {}"),
    ],
)
def test_an_answer_differs(promised: object, given: object, complaint: str) -> None:
    assert list(differences(promised, given)) == [complaint]
