"""Auth in the graph: API keys, customers' tokens, and the permission of every field.

It owns the types and mutations of keys, and lays the table of permissions over the finished schema. It
does not own the table (`rules.auth`), or the viewer (`schema.viewer`).
"""
