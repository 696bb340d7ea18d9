"""Auth in the graph: API keys, customer tokens, and the permission of every field.

It owns the types and mutations of keys, and applies the table of permissions to the finished schema. It does
not own the table (`rules.auth`), or the viewer (`schema.viewer`).
"""
