"""Checks of the present, answered by the probe: one statement, and what this process has cached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.access.cache import MemoryCache
from models.access.probe import AccessProbe, ProbeKey
from models.database.transactions import FAILURES
from resolvers.context import Context
from resolvers.snapshot import fall_back
from rules.access import resolution_cache
from rules.access.decision import AccessCheck, Decision, ResolvedCheck, decide
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.validation import is_external_key
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import Customer
from rules.revisions import Revision
from rules.usage.counters import Tallies
from rules.usage.reservations import total_reserved

NOBODY, NOTHING = "", ""
"""Placeholders in a probe key for keys that no customer and no feature can have."""


class _Unknown(Exception):  # noqa: N818 - no error: the slow path answers
    """Something that an answer needs is not cached at this revision."""


async def decide_by_probe(context: Context, questions: Sequence[AccessCheck]) -> list[Decision] | None:
    """Answer checks at one instant; None where an answer needs something that is not cached.

    The slow path, which loads it, caches it for the next probe.
    """
    services = context.services
    flat = services.catalogs.newest(context.environment)
    if flat is None:
        return None
    asked = [_place(context.environment, flat, question) for question in questions]
    places = list(dict.fromkeys(asked))
    replica = context.replica
    try:
        found = await (replica or services).glances.at(places)
    except FAILURES as error:
        if replica is None:
            raise
        fall_back(context, error)
        return None
    glances = dict(zip(places, found, strict=True))
    seen = _Seen(flat=flat, memory=services.memory, clock=services.clock())
    try:
        return [
            seen.decided(question, glances[place]) for question, place in zip(questions, asked, strict=True)
        ]
    except _Unknown:
        return None


def _place(environment: int, flat: ResolvedCatalog, question: AccessCheck) -> ProbeKey:
    customer = question.customer if is_external_key(question.customer) else NOBODY
    feature = question.feature if question.feature in flat.catalog.features else NOTHING
    return ProbeKey(environment, customer, feature)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What all checks are decided by; ``clock`` is real time."""

    flat: ResolvedCatalog
    memory: MemoryCache
    clock: datetime

    def decided(self, question: AccessCheck, glance: AccessProbe | None) -> Decision:
        """Decide a check; raises _Unknown."""
        if glance is None or glance.catalog_revision != self.flat.catalog.revision:
            raise _Unknown
        customer = self._customer(glance)
        now = self.clock if glance.clock_at is None else glance.clock_at
        asked_at = now if customer is None else customer.asked_at(now)
        subject = resolution_cache.cached_check(self.flat, customer, question, asked_at)
        if customer is None:
            return decide(subject, {})
        if subject.rate is not None:
            subject = self._with_book(subject, customer, subject.rate.credit_type)
        tallies = self._tallies(subject, customer, glance)
        return decide(subject, tallies, total_reserved(glance.holds, question.feature, asked_at))

    def _customer(self, glance: AccessProbe) -> Customer | None:
        if glance.customer is None:
            return None
        known = self.memory.facts_cache.customer(
            glance.customer, glance.facts_revision, glance.revision, glance.acted_at
        )
        if known is None:
            raise _Unknown
        return known

    def _tallies(self, subject: ResolvedCheck, customer: Customer, glance: AccessProbe) -> Tallies:
        window = subject.window
        if window is None or window in glance.tallies:
            return glance.tallies
        counted = self.memory.counted.get((customer.number, window), self._revision(customer))
        if counted is None:
            raise _Unknown
        return {window: counted}

    def _with_book(self, subject: ResolvedCheck, customer: Customer, credit_type: str) -> ResolvedCheck:
        kept = self.memory.books.get((customer.number, credit_type), self._revision(customer))
        if kept is None:
            raise _Unknown
        return replace(subject, book=roll_forward(kept, customer, self.flat, subject.now))

    def _revision(self, customer: Customer) -> Revision:
        return Revision(self.flat.catalog.revision, customer.revision)
