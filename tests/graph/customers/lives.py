"""What a billing back end asks and tells of the customer "acme", in few words."""

from __future__ import annotations

from typing import Any

from tests.graph.client import Client

SHOWN = """
  plan { key } version { number } price { key } billingPeriod status startedAt anchor timezone
  trialEndsAt afterTrial endsAt currentPeriod { start end }
  addons { addon { key } version { number } quantity }
  scheduledChange { at plan { key } summary }
"""
SUBSCRIPTION = f"subscription {{ {SHOWN} }} replayed"

Said = dict[str, Any]

BASIC: Said = {"customer": "acme", "plan": "basic", "price": "monthly"}
TO_PRO: Said = {"customer": "acme", "plan": "pro", "price": "monthly"}


async def does(client: Client, field: str, **given: object) -> Said:
    """What a subscription is after an act."""
    payload = await client.do(field, shown=SUBSCRIPTION, **given)
    return dict(payload["subscription"])


async def subscriptions(client: Client, *, ended: bool = False) -> list[Said]:
    """The subscriptions of acme."""
    document = "query All($e: Boolean) {"
    document += f' customer(key: "acme") {{ subscriptions(includeEnded: $e) {{ {SHOWN} }} }} }}'
    return list((await client.ask(document, e=ended))["customer"]["subscriptions"])


async def access(client: Client, feature: str = "calls", at: str | None = None) -> Said:
    """Whether acme may use a feature, and why."""
    document = """query Access($f: String!, $at: DateTime) {
      access(customer: "acme", feature: $f, at: $at) {
        reason evaluatedAt validUntil usage { used limit period { start end } }
        sources {
          kind quantity winning package { key } subscription { plan { key } version { number } }
          entitlement { displayText } customEntitlement { mode note } value { metered { limit } }
        }
      }
    }"""
    return dict((await client.ask(document, f=feature, at=at))["access"])


async def limit(client: Client, feature: str = "calls", at: str | None = None) -> str | None:
    """How much of a feature acme has; None where it is nothing."""
    usage = (await access(client, feature, at))["usage"]
    return None if usage is None else str(usage["limit"])


async def report(client: Client, value: int, feature: str = "calls", at: str | None = None) -> None:
    """Report usage."""
    await client.do("reportUsage", customer="acme", feature=feature, value=value, occurredAt=at)
