"""How uvicorn speaks WebSocket for us: it lets sockets end in good order, and lets go of dead ones."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_SECONDS = 5.0
"""How long a connection may take to go once the application has closed it."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose application hears that the server ends, and closes it itself."""

    def shutdown(self) -> None:
        """Tell the application; by itself uvicorn would close before what is under way is answered."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1012})
        else:
            super().shutdown()

    async def run_asgi(self) -> None:
        """Run the application, and let go of a connection whose other side takes nothing any more."""
        await super().run_asgi()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
