"""Row values of credit accounts, and facts from rows."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from rules.credits.accounts import Cause, CreditAccount, CreditHold, Entry, MintingPeriod
from rules.credits.burn_records import BurnRecord, BurnSlices, PricedUsage
from rules.credits.grants import CreditSource, EntryKind, Grant, Lot
from rules.usage.metering import Window

_STREAMS = TypeAdapter(tuple[MintingPeriod, ...])
_PIECES = TypeAdapter(BurnSlices)
_USAGE = TypeAdapter(tuple[PricedUsage, ...])
_RATED = TypeAdapter(PricedUsage)


def balance_values(book: CreditAccount) -> dict[str, Any]:
    """Return the columns of an account's totals."""
    return {
        "brought_up_to": book.at,
        "seen": book.seen,
        "granted": book.granted,
        "consumed": book.consumed,
        "expired": book.expired,
        "voided": book.voided,
        "overdraft": book.overdraft,
        "last_grant": book.last_grant,
        "last_entry": book.last_entry,
        "streams": _STREAMS.dump_python(tuple(book.streams.values()), mode="json"),
        "remainders": {feature: str(remainder) for feature, remainder in book.remainders.items()},
    }


def book_of(row: Row[Any]) -> CreditAccount:
    """Read an account's totals from its row."""
    streams = _STREAMS.validate_python(row.streams)
    sums = {
        EntryKind.GRANTED: row.granted,
        EntryKind.CONSUMED: -row.consumed,
        EntryKind.EXPIRED: -row.expired,
        EntryKind.VOIDED: -row.voided,
    }
    return CreditAccount(
        credit_type=row.credit_type,
        at=row.brought_up_to,
        seen=row.seen,
        streams={stream.key: stream for stream in streams},
        remainders={feature: Fraction(remainder) for feature, remainder in row.remainders.items()},
        sums=sums,
        overdraft=row.overdraft,
        last_grant=row.last_grant,
        last_entry=row.last_entry,
    )


def lot_values(lot: Lot) -> dict[str, Any]:
    """Return the columns of a grant and its state."""
    grant = lot.grant
    return {
        "number": grant.number,
        "amount": grant.amount,
        "source": grant.source,
        "priority": grant.priority,
        "made_at": grant.made_at,
        "effective_at": grant.effective_at,
        "expires_at": grant.expires_at,
        "note": grant.note,
        "subscription": grant.subscription,
        "package_key": grant.package,
        "carried": grant.carried,
        "entered": lot.entered,
        "remaining": lot.left,
        "held": lot.held,
        "burned": lot.burned,
        "ended": lot.ended,
        "ended_at": lot.ended_at,
        "closed": lot.is_closed,
    }


def lot_of(row: Row[Any]) -> Lot:
    """Read a grant and its state from its row."""
    grant = Grant(
        number=row.number,
        amount=row.amount,
        source=CreditSource(row.source),
        priority=row.priority,
        made_at=row.made_at,
        effective_at=row.effective_at,
        expires_at=row.expires_at,
        note=row.note,
        subscription=row.subscription,
        package=row.package_key,
        carried=row.carried,
    )
    return Lot(
        grant=grant,
        entered=row.entered,
        left=row.remaining,
        held=row.held,
        burned=row.burned,
        ended=None if row.ended is None else EntryKind(row.ended),
        ended_at=row.ended_at,
    )


def hold_values(hold: CreditHold) -> dict[str, Any]:
    """Return the columns of a credit hold."""
    return {
        "key": hold.key,
        "beyond": _RATED.dump_python(hold.beyond, mode="json"),
        "cost": hold.cost,
        "pieces": _PIECES.dump_python(hold.pieces, mode="json"),
        "created_at": hold.created_at,
        "expires_at": hold.expires_at,
    }


def hold_of(row: Row[Any]) -> CreditHold:
    """Read a credit hold, open or ended, from its row."""
    return CreditHold(
        key=row.key,
        beyond=_RATED.validate_python(row.beyond),
        cost=row.cost,
        pieces=_PIECES.validate_python(row.pieces),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def burn_values(burned: BurnRecord) -> dict[str, Any]:
    """Return the columns of a burn record."""
    return {
        "feature_key": burned.feature,
        "starts_at": burned.span.starts_at,
        "ends_at": burned.span.ends_at,
        "burned_at": burned.burned_at,
        "unpaid": burned.unpaid,
        "usage": _USAGE.dump_python(burned.usage, mode="json"),
        "pieces": _PIECES.dump_python(burned.pieces, mode="json"),
    }


def burn_of(row: Row[Any]) -> BurnRecord:
    """Read a burn record from its row."""
    # Rows of older versions have only the start of their period.
    start = row.starts_at
    ends_at = row.ends_at or start + timedelta.resolution
    span = Window(feature=row.feature_key, starts_at=start, ends_at=ends_at)
    return BurnRecord(
        span=span,
        burned_at=row.burned_at or start,
        usage=_USAGE.validate_python(row.usage),
        pieces=_PIECES.validate_python(row.pieces),
    )


def entry_values(entry: Entry) -> dict[str, Any]:
    """Return the columns of a ledger entry."""
    return {
        "number": entry.number,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "grant_number": entry.grant,
        "feature_key": entry.cause.feature,
        "occurred_at": entry.cause.at,
        "note": entry.cause.note,
    }


def entry_of(row: Row[Any]) -> Entry:
    """Read a ledger entry from its row."""
    return Entry(
        number=row.number,
        kind=EntryKind(row.kind),
        amount=row.amount,
        balance_after=row.balance_after,
        grant=row.grant_number,
        cause=Cause(at=row.occurred_at, feature=row.feature_key, note=row.note),
    )
