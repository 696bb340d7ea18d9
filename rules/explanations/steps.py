"""Steps of a decision, in sentences that a support engineer can paste into a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rules.access.decision import TESTS, AccessReason, Decision, ResolvedCheck, overage_cost_of
from rules.catalog.facts import Feature
from rules.catalog.wording import counted_text, instant_text, overage_text, value_text
from rules.customers.effective import Source, SourceKind
from rules.customers.facts import Customer
from rules.usage.limits import UsageBalance
from rules.values import Choices, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One test, what was found, and whether it decided."""

    check: str
    outcome: str
    decisive: bool = False


def steps(decision: Decision) -> list[Step]:
    """Return the tests in order: up to the one that denies, or all of them."""
    subject, usage = decision.subject, decision.tested
    looked = [check for check in _tests_made(decision) if _matters(check, subject, usage)]
    return [
        Step(check=check, outcome=_FOUND[check](subject, usage), decisive=check == looked[-1])
        for check in looked
    ]


def _tests_made(decision: Decision) -> Iterator[str]:
    """Yield the tests that were made: none after the one that denies."""
    for check, test in TESTS.items():
        yield check
        if test(decision.subject, decision.tested) is not None:
            return


def _matters(check: str, subject: ResolvedCheck, usage: UsageBalance | None) -> bool:
    """Return whether a test could have denied at all."""
    match check:
        case "kind of question":
            question = subject.question
            return question.requested is not None or bool(question.values) or question.to_consume
        case "values":
            return isinstance(subject.entitlement.value, Choices)
        case "limit":
            return usage is not None
        case "credits":
            return overage_cost_of(subject, usage) is not None
        case "revocation":
            return subject.entitlement.revoked
        case _:
            return True


def summary(decision: Decision) -> str:
    """Return the decision and its reason in one sentence."""
    subject, usage = decision.subject, decision.tested
    may = "may" if decision.allowed else "may not"
    because = _BECAUSE[decision.reason](subject, usage)
    return f"{_name(subject.customer, subject)} {may} use {_request(subject)}: {because}."


def _name(customer: Customer | None, subject: ResolvedCheck) -> str:
    return subject.question.customer if customer is None else customer.name or customer.key


def _request(subject: ResolvedCheck) -> str:
    """Return what was requested: '100 orders', 'Regions (eu, us)', 'SSO'."""
    feature, question = subject.feature, subject.question
    if feature is None:
        return f"'{question.feature}'"
    if question.values:
        return f"{feature.name} ({', '.join(question.values)})"
    if question.requested is None or question.requested <= 0:
        return feature.name
    return _amount(question.requested, feature)


def _amount(micros: int, feature: Feature) -> str:
    """Return a quantity of a feature: '100 orders'; without a unit '100 of Orders'."""
    counted = counted_text(micros, feature.unit)
    return counted if feature.unit is not None else f"{counted} of {feature.name}"


def _unit(subject: ResolvedCheck) -> Unit | None:
    return subject.feature.unit if subject.feature is not None else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


Words = Callable[[ResolvedCheck, UsageBalance | None], str]


def _customer_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    key = subject.question.customer
    if subject.customer is None:
        return f"There is no customer '{key}'."
    return f"'{key}' is {subject.customer.name}." if subject.customer.name else f"'{key}' is a customer."


def _archived_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    archived = subject.customer is not None and subject.customer.archived
    return "The customer is archived." if archived else "The customer is not archived."


def _feature_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    key, feature = subject.question.feature, subject.feature
    return f"There is no feature '{key}'." if feature is None else f"'{key}' is {feature.name}."


def _status_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    return "" if subject.feature is None else f"The feature is {subject.feature.status.lower()}."


def _kind_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    if TESTS["kind of question"](subject, None) is None:
        return "The feature accepts this request."
    return _sentence(_mismatch(subject, None))


def _revocation_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    revoked = next(s.custom for s in subject.entitlement.sources if s.kind is SourceKind.CUSTOM_REVOCATION)
    note = f" ({revoked.note})" if revoked is not None and revoked.note else ""
    return f"A custom entitlement revokes it{note}."


def _entitlement_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    if subject.entitlement.value is None:
        return _sentence(_silent(subject, None))
    return _sentence(_deciding_sources(subject))


def _deciding_sources(subject: ResolvedCheck) -> str:
    """Return what decides: 'plan Pro gives 500 orders per month, add-on Extra gives 100 orders, 2 times'."""
    decided = [source for source in subject.entitlement.sources if source.winning]
    return ", ".join(_source_text(source, subject) for source in decided)


_CUSTOM_WORDS = {
    SourceKind.CUSTOM_GRANT: "a custom grant gives",
    SourceKind.CUSTOM_OVERRIDE: "a custom override sets",
    SourceKind.CUSTOM_REVOCATION: "a custom revocation takes",
}


def _source_text(source: Source, subject: ResolvedCheck) -> str:
    feature = subject.feature
    if feature is None:
        return ""
    text = value_text(source.value, subject=feature, billing=subject.billing)
    if source.row is None:
        return f"{_CUSTOM_WORDS[source.kind]} {text}"
    package = subject.flat.catalog.packages[source.row.package]
    kind = "plan" if source.kind is SourceKind.PLAN else "add-on"
    times = f", {source.quantity} times" if source.quantity > 1 else ""
    return f"{kind} {package.name} gives {text}{times}"


def _values_found(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    value = subject.entitlement.value
    included = ", ".join(value.choices) if isinstance(value, Choices) else ""
    return f"Included: {included}." if included else "Nothing is included."


def _limit_found(subject: ResolvedCheck, usage: UsageBalance | None) -> str:
    return "" if usage is None else _sentence(_limit_state(subject, usage))


def _credits_found(subject: ResolvedCheck, usage: UsageBalance | None) -> str:
    return _sentence(_payment(subject, usage))


def _payment(subject: ResolvedCheck, usage: UsageBalance | None) -> str:
    """Return the overage and its cost: '30 images beyond the limit cost 60 credits …'."""
    paid, book = overage_cost_of(subject, usage), subject.book
    if paid is None or book is None or subject.feature is None:
        return ""
    credit_type = subject.flat.catalog.credit_types[book.credit_type]
    there = f"{counted_text(paid.available, credit_type.unit)} are available"
    if not paid.beyond.quantity:
        return f"credits pay beyond the limit: {there}"
    beyond = _amount(paid.beyond.quantity, subject.feature)
    return f"{beyond} beyond the limit cost {counted_text(paid.cost, credit_type.unit)}, and {there}"


_FOUND: Mapping[str, Words] = {
    "customer": _customer_found,
    "archived customer": _archived_found,
    "feature": _feature_found,
    "status of the feature": _status_found,
    "kind of question": _kind_found,
    "revocation": _revocation_found,
    "entitlement": _entitlement_found,
    "values": _values_found,
    "limit": _limit_found,
    "credits": _credits_found,
}


def _limit_state(subject: ResolvedCheck, usage: UsageBalance) -> str:
    """Return the state of a limit: '412 of 500 orders are used and 40 held, until December 1, 2026 …'."""
    unit = _unit(subject)
    until = _until(subject, usage)
    reserved = f" and {counted_text(usage.reserved, None)} held" if usage.reserved else ""
    used = counted_text(usage.used, None if usage.limit is not None else unit)
    if usage.limit is None:
        return f"{used} are used{reserved}, without a limit{until}"
    return f"{used} of {counted_text(usage.limit, unit)} are used{reserved}{until}"


def _until(subject: ResolvedCheck, usage: UsageBalance) -> str:
    end = usage.metering.resets_at
    if end is None or subject.customer is None:
        return ""
    return f", and usage starts again on {instant_text(end, subject.customer.timezone)}"


def _silent(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    idle = subject.customer is not None and not subject.customer.in_force(subject.now)
    nothing = "no subscription is in force and " if idle else ""
    return f"{nothing}no plan, add-on or custom entitlement gives it"


def _mismatch(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    question, feature = subject.question, subject.feature
    if question.values is not None and not isinstance(subject.entitlement.value, Choices):
        return "it is not of kind CHOICE, so no values can be requested"
    if question.to_consume and feature is not None and feature.meter is not None:
        return f"it is counted by {feature.meter.aggregation}, which cannot be consumed"
    return "it is not metered, so no quantity can be requested"


def _missing_values(subject: ResolvedCheck, _: UsageBalance | None) -> str:
    value = subject.entitlement.value
    included = value.choices if isinstance(value, Choices) else ()
    if not included:
        return "nothing is included"
    missing = [wanted for wanted in subject.question.values or () if wanted not in included]
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} not among {', '.join(included)}"


def _usage_state(subject: ResolvedCheck, usage: UsageBalance | None) -> str:
    return "" if usage is None else _limit_state(subject, usage)


def _beyond(subject: ResolvedCheck, usage: UsageBalance | None) -> str:
    """Return that a soft limit allows more usage, and at what rate."""
    if usage is None:
        return ""
    rate = usage.value.overage
    costs = f" at {overage_text(rate, _unit(subject))}" if rate is not None else ""
    return f"{_limit_state(subject, usage)}; the limit is soft, and usage goes on beyond it{costs}"


_BECAUSE: Mapping[AccessReason, Words] = {
    AccessReason.GRANTED: lambda subject, _: _deciding_sources(subject),
    AccessReason.WITHIN_LIMIT: _usage_state,
    AccessReason.UNLIMITED: _usage_state,
    AccessReason.OVERAGE_ALLOWED: _beyond,
    AccessReason.CUSTOMER_NOT_FOUND: lambda *_: "there is no such customer",
    AccessReason.CUSTOMER_ARCHIVED: lambda *_: "the customer is archived",
    AccessReason.FEATURE_NOT_FOUND: lambda *_: "there is no such feature",
    AccessReason.FEATURE_UNAVAILABLE: lambda subject, _: (
        "the feature is " + ("missing" if subject.feature is None else subject.feature.status.lower())
    ),
    AccessReason.TYPE_MISMATCH: _mismatch,
    AccessReason.REVOKED: lambda *_: "a custom entitlement revokes it",
    AccessReason.NO_ACTIVE_SUBSCRIPTION: _silent,
    AccessReason.NOT_ENTITLED: _silent,
    AccessReason.VALUE_NOT_INCLUDED: _missing_values,
    AccessReason.LIMIT_EXCEEDED: _usage_state,
    AccessReason.WITHIN_CREDITS: _payment,
    AccessReason.INSUFFICIENT_CREDITS: _payment,
}
