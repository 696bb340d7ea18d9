"""What to try first in GraphiQL: a tour, of which each stop works at the first click against the demo.

It asks, looks into a plan, changes and publishes it, uses things up, reads why there is no more, buys
more, and ends where plans are on sale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

# Keys of the demo; whoever renames them there renames them here.
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
query InThePlan($plan: String!) {
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

_EDIT_THE_PLAN = """\
mutation EditPlan(
  $plan: String!
  $feature: String!
  $limit: Decimal!
) {
  setEntitlement(
    input: {
      package: $plan
      key: $feature
      value: {
        metered: {
          limit: $limit
          reset: { every: NEVER }
        }
      }
    }
  ) {
    entitlement {
      displayText
      overrides {
        displayText
      }
    }
    package {
      draft {
        number
        changes {
          summary
        }
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

_PUBLISH_THE_PLAN = """\
mutation PublishPlan($plan: String!) {
  publishPackage(input: { package: $plan }) {
    version {
      number
      subscriptionCount
      changes {
        summary
      }
    }
    cascadedTo {
      name
    }
    userErrors {
      code
      message
      path
    }
  }
}
"""

_CONSUME_TO_THE_LIMIT = """\
mutation UseItUp(
  $customer: String!
  $feature: String!
) {
  consume(
    input: {
      customer: $customer
      feature: $feature
      quantity: 2
    }
  ) {
    consumed
    access {
      reason
      usage {
        used
        limit
        remaining
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

_WHY_NOT = """\
query WhyNot(
  $customer: String!
  $feature: String!
  $requested: Decimal!
) {
  access(
    customer: $customer
    feature: $feature
    requested: $requested
  ) {
    allowed
    reason
    creditCost
    explanation {
      summary
      steps {
        check
        outcome
        decisive
      }
      remedies {
        kind
        summary
        amount
      }
    }
  }
}
"""

_TOP_UP_CREDITS = """\
mutation TopUp(
  $customer: String!
  $creditType: String!
  $amount: Decimal!
  $feature: String!
  $requested: Decimal!
) {
  grantCredits(
    input: {
      customer: $customer
      creditType: $creditType
      amount: $amount
    }
  ) {
    grant {
      remaining
      customer {
        access(
          feature: $feature
          requested: $requested
        ) {
          allowed
          reason
          creditCost
          credits {
            available
          }
        }
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

_WHAT_IS_ON_SALE = """\
query OnSale(
  $product: String!
  $customer: String
) {
  pricingTable(
    product: $product
    customer: $customer
    billingPeriod: MONTHLY
  ) {
    columns {
      plan {
        name
      }
      prices {
        amount {
          amount
          currency
        }
      }
      heading
      rows {
        text
        struckText
      }
      callToAction
    }
    version
  }
}
"""

EXAMPLES = (
    Example(
        name="1. May this customer use it, and why?",
        query=_MAY_THEY_USE_IT,
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
    Example(
        name="2. What is in a plan, and from where?",
        query=_WHAT_IS_IN_THE_PLAN,
        variables={"plan": _PLAN},
    ),
    Example(
        name="3. Edit it: the draft waits.",
        query=_EDIT_THE_PLAN,
        variables={"plan": _PLAN, "feature": _EDITED, "limit": "60"},
    ),
    Example(
        name="4. Publish it: customers have it now.",
        query=_PUBLISH_THE_PLAN,
        variables={"plan": _PLAN},
    ),
    Example(
        name="5. Report what was used.",
        query=_REPORT_USAGE,
        variables={"customer": _CUSTOMER, "feature": _FEATURE},
    ),
    Example(
        name="6. Use it up: run this until it says no.",
        query=_CONSUME_TO_THE_LIMIT,
        variables={"customer": _NEAR_THE_LIMIT, "feature": _LIMITED},
    ),
    Example(
        name="7. Why not, and what would help?",
        query=_WHY_NOT,
        variables={
            "customer": _NEAR_THE_LIMIT,
            "feature": _LIMITED,
            "requested": _BEYOND_THE_LIMIT,
        },
    ),
    Example(
        name="8. Top up credits: then 6 and 7 say yes.",
        query=_TOP_UP_CREDITS,
        variables={
            "customer": _NEAR_THE_LIMIT,
            "creditType": _CREDIT_TYPE,
            "amount": "100",
            "feature": _LIMITED,
            "requested": _BEYOND_THE_LIMIT,
        },
    ),
    Example(
        name="9. What can a customer change to?",
        query=_WHAT_IS_ON_SALE,
        variables={"product": _PRODUCT, "customer": "acme"},
    ),
)
