"""Compiled operations: operations as closures that handle success and nothing else.

It owns the compiler of operations, and the readers of their variables and arguments. It does not own
errors: where anything goes wrong, graphql-core works the answer out (`server.execution.executor`). Nor does
it own the field resolvers without Strawberry's overhead that the closures call (`schema.fast_resolvers`).
`Documents(compiles=False)` turns it off. README.md says when to delete it.
"""
