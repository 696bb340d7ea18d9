"""Live answers: which ones differ from what a subscriber last received, and which comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rules.access.decision import Decision
from rules.credits.accounts import CreditAccount


def visible_state_of_account(book: CreditAccount | None) -> object:
    """Return what a subscriber sees of an account: equal states look the same."""
    if book is None:
        return None
    totals = (book.granted, book.consumed, book.expired, book.voided, book.overdraft)
    return book.credit_type, totals, book.available, book.reserved, book.in_force


def visible_state_of_decision(decision: Decision) -> object:
    """Return what a subscriber sees of a decision, without its time: equal states look the same."""
    subject = decision.subject
    return (
        (decision.reason, decision.valid_until, decision.display_text),
        (decision.usage, decision.payment, visible_state_of_account(decision.book)),
        (subject.feature, subject.entitlement),
    )


@dataclass(slots=True)
class ChangeTracker:
    """The states sent so far, by key, the oldest first, so that no key waits forever."""

    _told: dict[str, object] = field(default_factory=dict)

    def differing(self, faces: Mapping[str, object]) -> Iterator[str]:
        """Yield the keys whose state was not the last sent: new keys first, then the longest unsent."""
        yield from (key for key in faces if key not in self._told)
        yield from [key for key, face in self._told.items() if key in faces and faces[key] != face]

    def tell(self, key: str, face: object) -> None:
        """Record the state that is sent for a key."""
        self._told.pop(key, None)
        self._told[key] = face

    @property
    def keys(self) -> list[str]:
        """The keys of which a state was sent."""
        return list(self._told)
