"""Execution: a GraphQL request from its parameters to its answer.

It owns parsing, complexity, costs, trusted documents, timeouts, and operations compiled to closures. It
does not own transports (`server.http`, `server.websocket`), who is asking (`server.auth`), or the graph
(`schema.graph`).
"""
