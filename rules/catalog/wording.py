"""What customers read: '10,000 API calls per month', 'Everything in Starter, plus:', '$5.00'.

The words and digits are American English. Quantities and amounts are in micros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from math import ceil
from typing import assert_never
from unicodedata import category
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_symbol, get_decimal_symbol

from rules.catalog.facts import CreditRate, CreditType, Feature, Price, Row
from rules.currencies import minor_digits
from rules.numbers import ONE, to_decimal
from rules.values import (
    BillingPeriod,
    Choices,
    Config,
    CreditCadence,
    Credits,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetInterval,
    Revoked,
    Text,
    Unit,
    Value,
)

_ENGLISH = Locale("en", "US")
_DECIMAL_SIGN = get_decimal_symbol(_ENGLISH)
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_BILLING_INTERVALS: Mapping[BillingPeriod | None, str] = {
    BillingPeriod.MONTHLY: "month",
    BillingPeriod.YEARLY: "year",
    BillingPeriod.ONE_TIME: "billing period",
    None: "billing period",
}

_DUE = {
    BillingPeriod.MONTHLY: "a month",
    BillingPeriod.YEARLY: "a year",
    BillingPeriod.ONE_TIME: "once",
}

CADENCE_RESETS = {
    CreditCadence.ONE_TIME: Reset(every=ResetInterval.NEVER),
    CreditCadence.MONTHLY: Reset(every=ResetInterval.MONTH),
    CreditCadence.YEARLY: Reset(every=ResetInterval.YEAR),
    CreditCadence.BILLING_PERIOD: Reset(every=ResetInterval.BILLING_PERIOD),
}


def row_text(row: Row, *, subject: Feature | CreditType, billing: BillingPeriod | None = None) -> str:
    """What a pricing table prints for the row: its custom text, or the default."""
    return row.display_text or value_text(row.value, subject=subject, billing=billing)


def value_text(
    value: Value | Revoked | None, *, subject: Feature | CreditType, billing: BillingPeriod | None = None
) -> str:
    """The default words for a value; None is no value and reads as the subject's name.

    ``billing`` is how often the chosen price is due, None if no price is chosen.
    """
    match value:
        case Granted() | None:
            return subject.name
        case Number() | Text() | Choices() | Object():
            return _config_text(value, subject)
        case Metered():
            return _limit_text(value, subject, billing)
        case Credits():
            return _amount_text(value.amount, subject, interval_text(CADENCE_RESETS[value.cadence], billing))
        case Revoked():
            return f"No {subject.name}"
        case _:
            assert_never(value)


def heading(name: str, base_name: str | None, *, has_own_rows: bool, missing: Sequence[str] = ()) -> str:
    """The heading above a plan's rows; ``has_own_rows`` counts visible rows only.

    ``missing`` names what the base plan shows and this plan does not have.
    """
    if base_name is None:
        return f"{name} includes:"
    return f"{_share(base_name, missing)}{', plus:' if has_own_rows else ''}"


def _share(base_name: str, missing: Sequence[str]) -> str:
    """How much of its base plan a plan includes: 'Everything in Starter except Forum', 'Most of Starter'."""
    if not missing:
        return f"Everything in {base_name}"
    if len(missing) > _MOST_EXCEPTIONS:
        return f"Most of {base_name}"
    return f"Everything in {base_name} except {_join(missing)}"


_MOST_EXCEPTIONS = 3


def _join(names: Sequence[str]) -> str:
    """Join names as in a sentence: 'A', 'A and B', 'A, B and C'."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def interval_text(reset: Reset, billing: BillingPeriod | None) -> str | None:
    """How often usage resets: 'per month', 'per 3 months'; None if it never does."""
    match reset.every:
        case ResetInterval.NEVER:
            return None
        case ResetInterval.BILLING_PERIOD:
            interval = _BILLING_INTERVALS[billing]
        case _:
            interval = reset.every.lower()
    return f"per {interval}" if reset.count == 1 else f"per {reset.count:,} {interval}s"


def quantity_text(micros: int) -> str:
    """A quantity with grouped digits and no needless zeros: '1,234.5'."""
    return f"{to_decimal(micros).normalize():,f}"


def instant_text(instant: datetime, timezone: str) -> str:
    """An instant in a customer's time zone: 'December 1, 2026, 00:00 (Europe/Berlin)'."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{format_date(local, 'long', locale=_ENGLISH)}, {local:%H:%M} ({timezone})"


def day_text(instant: datetime, timezone: str, *, year: bool = True) -> str:
    """A day in a customer's time zone: 'December 1, 2026', or without its year 'Dec 1'."""
    return format_date(instant.astimezone(ZoneInfo(timezone)), "long" if year else "MMM d", locale=_ENGLISH)


def moment_text(instant: datetime, timezone: str) -> str:
    """A day and, unless it is midnight, the time: 'December 1, 2026, 14:30'."""
    local = instant.astimezone(ZoneInfo(timezone))
    clock = "" if local.time() == time() else f", {local:%H:%M}"
    return f"{day_text(instant, timezone)}{clock}"


def distance_text(instant: datetime, now: datetime, timezone: str) -> str:
    """The distance to an instant in the customer's calendar days: 'today', 'in 10 days', '3 days ago'."""
    zone = ZoneInfo(timezone)
    days = (instant.astimezone(zone).date() - now.astimezone(zone).date()).days
    if abs(days) <= 1:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return f"in {days:,} days" if days > 0 else f"{-days:,} days ago"


def wait_text(seconds: int) -> str:
    """How long to wait, rounded up: '1 second', '90 seconds', '2 minutes', '24 hours'."""
    length, unit = next((length, unit) for length, unit in _WAITS if seconds >= 2 * length or length == 1)
    number = ceil(seconds / length)
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


_WAITS = ((60 * 60, "hour"), (60, "minute"), (1, "second"))


@lru_cache(maxsize=1024)
def money_text(money: Money) -> str:
    """An amount as Americans write it: '$5.00', '¥500', 'CHF 5.00', and '$0.002' below a cent.

    It has the digits of the currency's minor unit, and more where the amount needs them. A currency without
    a symbol, or an unknown one, is written as its code.
    """
    return format_currency(
        to_decimal(money.amount),
        money.currency,
        _money_pattern(money.currency),
        locale=_ENGLISH,
        # CLDR's digits change between versions, and are not always those of ISO.
        currency_digits=False,
        decimal_quantization=False,
    )


def money_parts(money: Money) -> tuple[str, str]:
    """An amount in two parts, which joined are its text: ('$49', '.00'), ('¥500', '').

    Below 1 the second part is empty: '$0.002' without its fraction would read as nothing.
    """
    text = money_text(money)
    whole, sign, fraction = text.rpartition(_DECIMAL_SIGN)
    # A symbol may contain the decimal sign too, as that of XCG does: 'Cg.'.
    is_split = bool(sign) and fraction.isdecimal() and abs(money.amount) >= ONE
    return (whole, sign + fraction) if is_split else (text, "")


def _money_pattern(currency: str) -> str:
    digits = minor_digits(currency)
    fraction = f".{'0' * digits}" if digits else ""
    return f"\N{CURRENCY SIGN}{_space_after(get_currency_symbol(currency, _ENGLISH))}#,##0{fraction}"


def _space_after(symbol: str) -> str:
    """What CLDR puts between a symbol and digits: nothing where it ends in a sign ('$') or a space."""
    return "" if category(symbol[-1:] or " ")[0] in "SZ" else _NO_BREAK_SPACE


def price_text(price: Price, feature: Feature | None = None) -> str:
    """What a price costs and how often: '$49.00 a month', '$5.00 a month per seat', '$99.00 once'.

    ``feature`` is the one whose units are charged, if any.
    """
    return f"{money_text(price.amount)} {due_text(price, feature)}"


def due_text(price: Price, feature: Feature | None = None) -> str:
    """How often a price is due, and for what: 'a month', 'a month per seat', 'once'."""
    due = _DUE[price.billing_period]
    if feature is None:
        return due
    return f"{due} per {feature.unit.singular if feature.unit else feature.name}"


def rate_text(rate: CreditRate, *, feature: Feature, credit_type: CreditType) -> str:
    """What using a feature burns: '5 credits per 1,000 tokens'."""
    return f"{counted_text(rate.credits, credit_type.unit)} per {_batch_text(rate.per_units, feature.unit)}"


def overage_text(rate: OverageRate, unit: Unit | None) -> str:
    """What usage beyond a soft limit costs: '$0.10 per 1,000 calls'."""
    return f"{money_text(rate.amount)} per {_batch_text(rate.per_units, unit)}"


def counted_text(micros: int, unit: Unit | None) -> str:
    """A quantity with its unit: '1 seat', '10 seats', and without a unit '10'."""
    if unit is None:
        return quantity_text(micros)
    return f"{quantity_text(micros)} {unit.singular if micros == ONE else unit.plural}"


def _config_text(value: Config, subject: Feature | CreditType) -> str:
    match value:
        case Number():
            return _amount_text(value.number, subject)
        case Text():
            setting = value.text
        case Choices():
            setting = ", ".join(value.choices)
        case Object():
            setting = ""
        case _:
            assert_never(value)
    return f"{subject.name}: {setting}" if setting else subject.name


def _limit_text(value: Metered, subject: Feature | CreditType, billing: BillingPeriod | None) -> str:
    if value.limit is None:
        return f"Unlimited {subject.unit.plural if subject.unit else subject.name}"
    text = _amount_text(value.limit, subject, interval_text(value.reset, billing))
    if value.overage and value.enforcement is LimitEnforcement.SOFT:
        return f"{text}, then {overage_text(value.overage, subject.unit)}"
    return text


def _amount_text(micros: int, subject: Feature | CreditType, interval: str | None = None) -> str:
    amount = counted_text(micros, subject.unit)
    text = amount if subject.unit else f"{subject.name}: {amount}"
    return f"{text} {interval}" if interval else text


def _batch_text(micros: int, unit: Unit | None) -> str:
    return unit.singular if unit and micros == ONE else counted_text(micros, unit)
