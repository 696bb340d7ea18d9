"""Live subscriptions: the state first, then the newest state after every change.

It owns what can be subscribed to, the stream that waits for the next change, and the coalescing of reads that
many subscribers need at the same time. It does not own change notifications (`models.live`), which change is
visible (`rules.live`), or sockets (`server.websocket.uvicorn_protocol`).
"""
