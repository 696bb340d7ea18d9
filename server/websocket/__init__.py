"""The graph over WebSockets, by the protocol graphql-transport-ws.

It owns sockets, the operations of each, and how uvicorn closes them. It does not own execution
(`server.execution`) or the streams behind a subscription (`resolvers.live`).
"""
