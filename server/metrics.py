"""What the server counts about itself, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from graphql import OperationType
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from server.execution.documents import Operation
from server.execution.fallbacks import Step
from server.time_zones import Used

MOST_NAMES = 100
"""How many operations are counted by name; later ones are counted together."""

OTHERS = "(others)"
NAMELESS = "(nameless)"
NONE = "(none)"
"""The label of a request that was refused before its operation was known."""

OK = "OK"


def outcome_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return OK, or the code of the first error."""
    return str(errors[0]["extensions"]["code"]) if errors else OK


_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ACTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """Counts the requests of a process, and the commands that it commits together.

    With ``shared_folder`` every process of the server writes there, and each reports the totals.
    """

    def __init__(self, shared_folder: str | None = None) -> None:
        self._registry = CollectorRegistry()
        self._shared_folder = shared_folder
        self._names: set[str] = set()
        # A cache: finding a counter by its labels costs more than counting.
        self._counters: dict[tuple[str | None, OperationType | None, str], tuple[Counter, Histogram]] = {}
        labels = ["operation", "kind"]
        self._requests = Counter(
            "allotment_requests",
            "GraphQL requests: the outcome is OK or the code of the first error.",
            [*labels, "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "allotment_request_seconds",
            "Time from a request's first byte to its answer's last.",
            labels,
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._acts = Histogram(
            "allotment_commit_acts",
            "Writes to customers per transaction.",
            buckets=_ACTS,
            registry=self._registry,
        )
        self._fallbacks = Counter(
            "allotment_document_fallbacks",
            "Steps of preparing a document that failed and were done in a plainer way: a fault of ours.",
            ["step"],
            registry=self._registry,
        )
        self._sockets = self._gauge("allotment_sockets", "Open WebSockets.")
        self._streams = self._gauge("allotment_streams", "GraphQL subscriptions that are running.")
        self._zones = Gauge(
            "allotment_time_zone_rules",
            "The rules of time zones that are used: always 1.",
            ["release", "source"],
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._held = 0
        self._messages = Counter(
            "allotment_socket_messages", "Messages sent to WebSockets.", registry=self._registry
        )
        self._closed = Counter(
            "allotment_sockets_closed", "WebSockets that were closed here.", ["code"], registry=self._registry
        )
        if shared_folder is None:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self._registry)

    def answered(self, operation: Operation | None, outcome: str, seconds: float) -> None:
        """Count a request that was answered."""
        name, kind = (None, None) if operation is None else (operation.name, operation.kind)
        found = self._counters.get((name, kind, outcome))
        if found is None:
            found = self._counters_of(name, kind, outcome)
        requests, durations = found
        requests.inc()
        durations.observe(seconds)

    def _counters_of(
        self, name: str | None, kind: OperationType | None, outcome: str
    ) -> tuple[Counter, Histogram]:
        labels = (NONE, NONE) if kind is None else (self._label(name), kind.value)
        found = self._requests.labels(*labels, outcome), self._seconds.labels(*labels)
        if OTHERS not in labels:
            self._counters[name, kind, outcome] = found
        return found

    def uses_rules(self, used: Used) -> None:
        """Set which time zone rules are in use."""
        self._zones.labels(used.release, used.source).set(1)

    def committed(self, acts: int) -> None:
        """Count a transaction with this many commands."""
        self._acts.observe(acts)

    def fell_back(self, step: Step) -> None:
        """Count a step of preparing a document that failed."""
        self._fallbacks.labels(step).inc()

    @contextmanager
    def socket(self) -> Iterator[int]:
        """Count a WebSocket while it is open; yield how many this process has."""
        self._held += 1
        with self._sockets.track_inprogress():
            try:
                yield self._held
            finally:
                self._held -= 1

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count a subscription while it runs."""
        with self._streams.track_inprogress():
            yield

    def sent(self) -> None:
        """Count a message that was sent to a WebSocket."""
        self._messages.inc()

    def closed(self, code: int) -> None:
        """Count a WebSocket that this server closed with a code."""
        self._closed.labels(str(code)).inc()

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, registry=self._registry, multiprocess_mode="livesum")

    async def page(self, _: Request) -> Response:
        """Answer a scrape of Prometheus."""
        return Response(generate_latest(self._all_metrics()), media_type=CONTENT_TYPE_LATEST)

    def _label(self, name: str | None) -> str:
        """Return the label of an operation's name: callers choose names, so their number is bounded."""
        if name is None:
            return NAMELESS
        if name not in self._names:
            if len(self._names) == MOST_NAMES:
                return OTHERS
            self._names.add(name)
        return name

    def _all_metrics(self) -> CollectorRegistry:
        if self._shared_folder is None:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._shared_folder)  # type: ignore[no-untyped-call]
        return registry
