"""The life of a customer: coming into being, and subscribing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from rules.acts import Account, Change, Scene, customer_problems, idempotency_problems
from rules.catalog import Content, Package, Plan
from rules.customers import Customer, Subscription
from rules.errors import ErrorCode, Problem, refuse_any
from rules.features import missing
from rules.keep import KEEP, Keep
from rules.metering import Window
from rules.periods import is_timezone
from rules.validity import (
    LONGEST_NAME,
    invalid,
    is_external_key,
    metadata_problems,
    out_of_range,
    required,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertCustomer:
    """Make a customer, change one, or bring an archived one back; what is left out keeps."""

    operation: ClassVar[str] = "upsertCustomer"
    creates: ClassVar[bool] = True
    changes_facts: ClassVar[bool] = True

    key: str
    name: str | Keep | None = KEEP
    email: str | Keep | None = KEEP
    timezone: str | Keep | None = KEEP
    metadata: object = KEEP
    idempotency_key: str | None = None

    def problems(self) -> Iterator[Problem]:
        """Find everything wrong with the input by itself."""
        if not is_external_key(self.key):
            yield invalid("A customer's key is 1 to 255 printable characters.", "key")
        for name, text in (("name", self.name), ("email", self.email)):
            if isinstance(text, str) and not 1 <= len(text) <= LONGEST_NAME:
                yield out_of_range(f"The {name} has 1 to {LONGEST_NAME} characters.", name)
        if self.timezone is None:
            yield required("A customer has a time zone.", "timezone")
        elif isinstance(self.timezone, str) and not is_timezone(self.timezone):
            yield invalid(f"'{self.timezone}' is not the IANA name of a time zone.", "timezone")
        if self.metadata is not KEEP and self.metadata is not None:
            yield from metadata_problems(self.metadata)

    def windows(self, scene: Scene, customer: Customer | None) -> Iterable[Window]:  # noqa: ARG002
        """None: usage does not matter."""
        return ()

    def apply(self, scene: Scene, account: Account) -> Change:  # noqa: ARG002
        """Write what was said over what was there."""
        refuse_any(self.problems())
        customer = account.customer
        if customer is None:
            message = f"customer {self.key} was not made"
            raise AssertionError(message)
        written = replace(customer, archived=False, **self._said())
        return Change(account=replace(account, customer=written))

    def _said(self) -> dict[str, Any]:
        metadata = {} if self.metadata is None else self.metadata
        said = {"name": self.name, "email": self.email, "timezone": self.timezone, "metadata": metadata}
        return {name: value for name, value in said.items() if value is not KEEP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Put a customer on a plan, now or from another instant on."""

    operation: ClassVar[str] = "subscribe"
    creates: ClassVar[bool] = False
    changes_facts: ClassVar[bool] = True

    plan: str
    price: str | None = None
    start_at: datetime | None = None
    idempotency_key: str | None = None

    def windows(self, scene: Scene, customer: Customer | None) -> Iterable[Window]:  # noqa: ARG002
        """None: usage does not matter."""
        return ()

    def apply(self, scene: Scene, account: Account) -> Change:
        """Add the subscription to the customer."""
        customer, plan = account.customer, scene.flat.catalog.packages.get(self.plan)
        refuse_any(self._problems(customer, plan))
        if customer is None or plan is None or plan.published is None:
            message = "what is missing was refused above"
            raise AssertionError(message)
        start = self.start_at or scene.now
        made = Subscription(
            number=customer.revision + 1,
            product=plan.product,
            plan=plan.key,
            version=plan.published.number,
            price=chosen_price(plan.published.content, self.price),
            started_at=start,
            anchor=start,
            timezone=customer.timezone,
        )
        joined = replace(customer, subscriptions=(*customer.subscriptions, made))
        return Change(account=replace(account, customer=joined), outcome={"subscription": made.number})

    def _problems(self, customer: Customer | None, plan: Package | None) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        yield from customer_problems(customer)
        if not isinstance(plan, Plan):
            yield missing("plan", self.plan, "plan")
        elif plan.archived:
            yield Problem(ErrorCode.ARCHIVED, f"'{plan.key}' is archived.", ("plan",))
        elif plan.published is None:
            yield Problem(ErrorCode.NOT_ALLOWED, f"'{plan.key}' was never published.", ("plan",))
        else:
            yield from _price_problems(plan.published.content, self.price)
            yield from _living_problems(customer, plan)


def _price_problems(content: Content, asked: str | None) -> Iterator[Problem]:
    keys = [price.key for price in content.prices]
    if asked is not None and asked not in keys:
        yield missing("price", asked, "price")
    elif asked is None and len(keys) > 1:
        yield required(f"Say which price: {', '.join(keys)}.", "price")


def _living_problems(customer: Customer | None, plan: Plan) -> Iterator[Problem]:
    living = customer.subscriptions if customer is not None else ()
    if any(subscription.product == plan.product for subscription in living):
        message = f"The customer has a subscription of '{plan.product}' already; changePlan moves it."
        yield Problem(ErrorCode.ALREADY_EXISTS, message, ("plan",))


def chosen_price(content: Content, asked: str | None) -> str | None:
    """Give the price asked for, else the only one there is."""
    return asked if asked is not None or not content.prices else content.prices[0].key
