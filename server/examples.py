"""What to try first in GraphiQL: each works at the first click against the demo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

# Keys of the demo; whoever renames them there renames them here.
_CUSTOMER = "nimbus"
_FEATURE = "orders"
_PLAN = "pro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A document to run: the tab is titled by its operation's name, the name stands above it."""

    name: str
    query: str
    variables: Mapping[str, object]

    @property
    def tab(self) -> dict[str, str]:
        """The texts of its tab's editors."""
        return {
            "query": f"# {self.name}\n{self.query}",
            "variables": json.dumps(self.variables, indent=2, ensure_ascii=False),
        }


_MAY_THEY_USE_IT = """\
query MayTheyUseIt(
  $customer: String!
  $feature: String!
) {
  access(
    customer: $customer
    feature: $feature
    requested: 1
  ) {
    allowed
    reason
    displayText
    usage {
      used
      limit
      remaining
      period {
        start
        end
      }
    }
    validUntil
  }
}
"""

_WHAT_IS_IN_THE_PLAN = """\
query WhatIsInThePlan($plan: String!) {
  plan(key: $plan) {
    name
    basePlan {
      name
    }
    entitlements {
      key
      displayText
      origin
      definedIn {
        name
      }
      overrides {
        displayText
        definedIn {
          name
        }
      }
    }
  }
}
"""

_REPORT_USAGE = """\
mutation ReportUsage(
  $customer: String!
  $feature: String!
) {
  reportUsage(
    input: {
      customer: $customer
      feature: $feature
      value: 5
    }
  ) {
    recorded
    access {
      allowed
      displayText
      usage {
        used
        limit
        remaining
        overage
      }
    }
    userErrors {
      code
      message
      path
    }
  }
}
"""

EXAMPLES = (
    Example(
        name="May this customer use it, and why?",
        query=_MAY_THEY_USE_IT,
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
    Example(
        name="What is in a plan, and from where?",
        query=_WHAT_IS_IN_THE_PLAN,
        variables={"plan": _PLAN},
    ),
    Example(
        name="Report what was used.",
        query=_REPORT_USAGE,
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
)
