"""The book as it was: what the entries of a ledger and the holds of a time tell of a past instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rules.credits.accounts import CreditAccount, Entry
from rules.credits.grants import EntryKind, Lot

Sums = Mapping[tuple[EntryKind, int | None], int]
"""What entries come to, by kind and grant."""


def sum_entries(entries: Iterable[Entry]) -> Sums:
    """Add entries up by kind and grant."""
    sums: defaultdict[tuple[EntryKind, int | None], int] = defaultdict(int)
    for entry in entries:
        sums[entry.kind, entry.grant] += entry.amount
    return sums


def book_at(
    credit_type: str, at: datetime, sums: Sums, lots: Iterable[Lot], held: Mapping[int, int]
) -> CreditAccount:
    """Return the book as it was at an instant.

    ``sums`` are what was entered up to then, ``lots`` all that are named there, as they are now, and
    ``held`` is what was held then, by grant.
    """
    kinds: defaultdict[EntryKind, int] = defaultdict(int)
    grants: defaultdict[int | None, int] = defaultdict(int)
    for (kind, grant), amount in sums.items():
        kinds[kind] += amount
        grants[grant] += amount
    return CreditAccount(
        credit_type=credit_type,
        at=at,
        lots={lot.number: _lot_at(lot, at, grants[lot.number], held.get(lot.number, 0)) for lot in lots},
        sums=dict(kinds),
        overdraft=-grants[None],
    )


def not_entered(lot: Lot | None, at: datetime) -> Lot | None:
    """Return a lot as it was before anything of it was entered; None where it had not been made."""
    if lot is None or at < lot.grant.made_at:
        return None
    return replace(_lot_at(lot, at, 0, 0), entered=False)


def _lot_at(lot: Lot, at: datetime, remaining: int, held: int) -> Lot:
    """Return a lot as it was, when so much of its grant had remained, what was held of it included."""
    had_ended = lot.ended_at is not None and lot.ended_at <= at
    return replace(
        lot,
        entered=True,
        left=remaining - held,
        held=held,
        ended=lot.ended if had_ended else None,
        ended_at=lot.ended_at if had_ended else None,
    )
