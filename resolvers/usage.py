"""Usage: what has happened is recorded, and the state after it told."""

from __future__ import annotations

from models.batch import Done
from resolvers.context import Context
from rules.access import Decision, Question, decide, subject_of
from rules.consuming import Consume
from rules.reporting import ReportUsage


async def report_usage(context: Context, customer: str, act: ReportUsage) -> tuple[Done, Decision]:
    """Record usage, and decide the feature anew; raises Rejected with every problem."""
    done = await context.services.ledger.commit(context.environment, customer, act)
    question = Question(customer=customer, feature=act.feature)
    subject = subject_of(done.flat, done.account.customer, question, done.now)
    return done, decide(subject, done.account.sums)


async def consume(context: Context, customer: str, act: Consume) -> tuple[Done, Decision]:
    """Use up a quantity if that is allowed; raises Rejected for a mistake, never for a no."""
    done = await context.services.ledger.commit(context.environment, customer, act)
    if done.decision is not None and done.account.customer is not None:
        return done, done.decision
    # On a replay, and for a customer who does not exist, the answer is the state as it is now.
    question = act.question(customer)
    subject = subject_of(done.flat, done.account.customer, question, done.now)
    return done, decide(subject, done.account.sums)
