"""Commands on customers: create, update, archive and restore."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from rules.catalog.validation import (
    LONGEST_NAME,
    invalid,
    is_external_key,
    metadata_problems,
    missing_value,
    out_of_range,
)
from rules.commands.command import CommandContext, CustomerState, FactsCommand, StateChange, missing_customer
from rules.customers.facts import Customer
from rules.errors import Problem, Rejected, refuse_any, unreachable
from rules.periods import is_timezone
from rules.unset import UNSET, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertCustomer(FactsCommand):
    """Create, update or restore a customer; fields left out stay as they are."""

    operation: ClassVar[str] = "upsertCustomer"
    creates: ClassVar[bool] = True

    key: str
    name: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    timezone: str | Unset | None = UNSET
    metadata: object = UNSET

    def problems(self) -> Iterator[Problem]:
        """Yield everything that is wrong with the input by itself."""
        if not is_external_key(self.key):
            yield invalid("A customer's key is 1 to 255 printable characters.", "key")
        for name, text in (("name", self.name), ("email", self.email)):
            if isinstance(text, str) and not 1 <= len(text) <= LONGEST_NAME:
                yield out_of_range(f"The {name} has 1 to {LONGEST_NAME} characters.", name)
        if self.timezone is None:
            yield missing_value("A customer must have a time zone.", "timezone")
        elif isinstance(self.timezone, str) and not is_timezone(self.timezone):
            yield invalid(f"'{self.timezone}' is not the IANA name of a time zone.", "timezone")
        if self.metadata is not UNSET and self.metadata is not None:
            yield from metadata_problems(self.metadata)

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Set the fields that were given."""
        refuse_any(self.problems())
        customer = state.customer
        if customer is None:
            unreachable(f"customer {self.key} was not made")
        written = replace(customer, archived=False, **self._changes())
        if written.timezone != customer.timezone:
            written = in_zone(written, scene.now)
        return StateChange(state=replace(state, customer=written))

    def _changes(self) -> dict[str, Any]:
        metadata = {} if self.metadata is None else self.metadata
        said = {"name": self.name, "email": self.email, "timezone": self.timezone, "metadata": metadata}
        return {name: value for name, value in said.items() if value is not UNSET}


def in_zone(customer: Customer, now: datetime) -> Customer:
    """Move future anchors to the customer's time zone; past anchors keep theirs."""
    subscriptions = tuple(
        replace(
            subscription,
            terms=tuple(
                replace(term, timezone=customer.timezone)
                if term.starts_at > now and term.anchor == term.starts_at
                else term
                for term in subscription.terms
            ),
        )
        for subscription in customer.subscriptions
    )
    return replace(customer, subscriptions=subscriptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCustomer(FactsCommand):
    """End every subscription of a customer now, and deny all access from then on."""

    operation: ClassVar[str] = "archiveCustomer"

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Archive the customer; an archived customer stays as they are."""
        customer = state.customer
        if customer is None:
            raise Rejected([missing_customer(scene.customer)])
        ended = tuple(
            replace(subscription, canceled_at=scene.now) if subscription.is_live(scene.now) else subscription
            for subscription in customer.subscriptions
        )
        gone = replace(customer, archived=True, subscriptions=ended)
        return StateChange(state=replace(state, customer=gone))
