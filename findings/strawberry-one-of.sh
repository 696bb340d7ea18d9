#!/usr/bin/env bash
# Strawberry prints @oneOf and answers isOneOf in an introspection, but does not tell graphql-core: in the schema
# that graphql-core holds, is_one_of is false. So graphql-core's printer leaves the directive out of the SDL, and
# Strawberry's own code refuses an input with two fields, with an error that names neither variable nor path.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2

cat > "$folder/one_of.py" <<'PY'
import logging
import sys
from importlib.metadata import version

import strawberry
from graphql import print_schema

logging.disable()


@strawberry.input(one_of=True)
class Value:
    number: strawberry.Maybe[int]
    text: strawberry.Maybe[str]


@strawberry.type
class Query:
    @strawberry.field
    def show(self, value: Value) -> str:
        return str(value)


schema = strawberry.Schema(Query)
core = schema._schema
both = {"number": 1, "text": "a"}
answer = schema.execute_sync("query ($v: Value!) { show(value: $v) }", variable_values={"v": both})
seen = {
    "Strawberry prints @oneOf": "input Value @oneOf" in schema.as_str(),
    "introspection says isOneOf": schema.execute_sync('{ __type(name: "Value") { isOneOf } }').data,
    "graphql-core's is_one_of": core.type_map["Value"].is_one_of,
    "graphql-core prints @oneOf": "@oneOf" in print_schema(core),
    "error of a variable with two fields": [(error.message, error.path) for error in answer.errors],
}
print("strawberry-graphql", version("strawberry-graphql"), "graphql-core", version("graphql-core"))
for what, found in seen.items():
    print(f"{what}: {found}")
sys.exit(
    list(seen.values())
    != [
        True,
        {"__type": {"isOneOf": True}},
        False,
        False,
        [("OneOf Input Object 'Value' must specify exactly one key.", None)],
    ]
)
PY
"$folder/venv/bin/python" "$folder/one_of.py"
