"""Past states of a credit account, from its ledger entries and holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rules.credits.accounts import CreditAccount, Entry
from rules.credits.grants import EntryKind, Lot

Sums = Mapping[tuple[EntryKind, int | None], int]
"""The totals of entries, by kind and grant."""


def sum_entries(entries: Iterable[Entry]) -> Sums:
    """Add entries up by kind and grant."""
    sums: defaultdict[tuple[EntryKind, int | None], int] = defaultdict(int)
    for entry in entries:
        sums[entry.kind, entry.grant] += entry.amount
    return sums


def book_at(
    credit_type: str, at: datetime, sums: Sums, lots: Iterable[Lot], held: Mapping[int, int]
) -> CreditAccount:
    """Return the account as it was at an instant.

    ``sums`` are the totals up to that instant, ``lots`` are all lots named in them, in their present state,
    and ``held`` is what was held then, by grant.
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
    """Return a lot as it was before its first entry; None if it did not exist yet."""
    if lot is None or at < lot.grant.made_at:
        return None
    return replace(_lot_at(lot, at, 0, 0), entered=False)


def _lot_at(lot: Lot, at: datetime, remaining: int, held: int) -> Lot:
    """Return a past state of a lot; ``remaining`` includes what was held."""
    had_ended = lot.ended_at is not None and lot.ended_at <= at
    return replace(
        lot,
        entered=True,
        left=remaining - held,
        held=held,
        ended=lot.ended if had_ended else None,
        ended_at=lot.ended_at if had_ended else None,
    )
