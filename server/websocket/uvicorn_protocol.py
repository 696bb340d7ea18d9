"""uvicorn's WebSocket protocol, changed to end sockets in good order and to drop dead ones."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_SECONDS = 5.0
"""How long a connection may remain once the application has closed it."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose application learns that the server ends, and closes it itself."""

    def shutdown(self) -> None:
        """Signal the application; uvicorn by itself would close before running operations are answered."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1012})
        else:
            super().shutdown()

    async def run_asgi(self) -> None:
        """Run the application, and drop a connection whose client takes no message any more."""
        await super().run_asgi()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
