"""What a stream tells: which answers differ from those it told last, and which comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rules.access.decision import Decision
from rules.credits.accounts import CreditAccount


def visible_state_of_account(book: CreditAccount | None) -> object:
    """Return what is seen of a book: equal for two that tell the same."""
    if book is None:
        return None
    totals = (book.granted, book.consumed, book.expired, book.voided, book.overdraft)
    return book.credit_type, totals, book.available, book.reserved, book.in_force


def visible_state_of_decision(decision: Decision) -> object:
    """Return what is seen of a decision, but for when it was made: equal for two that tell the same."""
    subject = decision.subject
    return (
        (decision.reason, decision.valid_until, decision.display_text),
        (decision.usage, decision.payment, visible_state_of_account(decision.book)),
        (subject.feature, subject.entitlement),
    )


@dataclass(slots=True)
class ChangeTracker:
    """What was told so far, by key, the longest ago first, so that none has to wait for ever."""

    _told: dict[str, object] = field(default_factory=dict)

    def differing(self, faces: Mapping[str, object]) -> Iterator[str]:
        """Yield the keys whose faces are not those told last: new ones first, then the longest untold."""
        yield from (key for key in faces if key not in self._told)
        yield from [key for key, face in self._told.items() if key in faces and faces[key] != face]

    def tell(self, key: str, face: object) -> None:
        """Remember what is told of a key."""
        self._told.pop(key, None)
        self._told[key] = face

    @property
    def keys(self) -> list[str]:
        """Of which keys something was told."""
        return list(self._told)
