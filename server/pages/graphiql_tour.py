"""The tour in GraphiQL: examples that work at the first click against the demo.

It checks access, reads a plan, edits and publishes it, consumes usage, reads why it is denied, buys more, and
ends with a pricing table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TOUR = Path(__file__).parent / "tour"
_DOCUMENTS = {path.stem: path.read_text(encoding="utf-8") for path in _TOUR.glob("*.graphql")}

# Keys of the demo, to be renamed together with it.
_CUSTOMER = "nimbus"
_FEATURE = "orders"
_PLAN = "pro"
_EDITED = "seats"
_NEAR_THE_LIMIT = "quillwright"
_LIMITED = "pictures"
_CREDIT_TYPE = "ai-credits"
_BEYOND_THE_LIMIT = "8"
_PRODUCT = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStop:
    """A document to run: its tab has the operation's name as title, and ``name`` as the first line."""

    name: str
    operation: str
    variables: Mapping[str, object]

    @property
    def tab(self) -> dict[str, str]:
        """The texts of the tab's editors."""
        return {
            "query": f"# {self.name}\n{_DOCUMENTS[self.operation]}",
            "variables": json.dumps(self.variables, indent=2, ensure_ascii=False),
        }


EXAMPLES = (
    TourStop(
        name="1. May this customer use it, and why?",
        operation="MayTheyUseIt",
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
    TourStop(
        name="2. What is in a plan, and from where?",
        operation="InThePlan",
        variables={"plan": _PLAN},
    ),
    TourStop(
        name="3. Edit it: the draft waits.",
        operation="EditPlan",
        variables={"plan": _PLAN, "feature": _EDITED, "limit": "60"},
    ),
    TourStop(
        name="4. Publish it: customers have it now.",
        operation="PublishPlan",
        variables={"plan": _PLAN},
    ),
    TourStop(
        name="5. Report what was used.",
        operation="ReportUsage",
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
    TourStop(
        name="6. Use it up: run this until it says no.",
        operation="UseItUp",
        variables={"customer": _NEAR_THE_LIMIT, "feature": _LIMITED},
    ),
    TourStop(
        name="7. Why not, and what would help?",
        operation="WhyNot",
        variables={
            "customer": _NEAR_THE_LIMIT,
            "feature": _LIMITED,
            "requested": _BEYOND_THE_LIMIT,
        },
    ),
    TourStop(
        name="8. Top up credits: then 6 and 7 say yes.",
        operation="TopUp",
        variables={
            "customer": _NEAR_THE_LIMIT,
            "creditType": _CREDIT_TYPE,
            "amount": "100",
            "feature": _LIMITED,
            "requested": _BEYOND_THE_LIMIT,
        },
    ),
    TourStop(
        name="9. What can a customer change to?",
        operation="OnSale",
        variables={"product": _PRODUCT, "customer": "acme"},
    ),
)
