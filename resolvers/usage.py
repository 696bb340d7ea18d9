"""Usage: what has happened is recorded, and the state after it told."""

from __future__ import annotations

from models.batch import Done
from resolvers.context import Context
from rules.access import Decision, Question, decide, subject_of
from rules.reporting import ReportUsage


async def report_usage(context: Context, customer: str, act: ReportUsage) -> tuple[Done, Decision]:
    """Record usage, and decide the feature anew; raises Rejected with every problem."""
    done = await context.services.ledger.commit(context.environment, customer, act)
    question = Question(customer=customer, feature=act.feature)
    subject = subject_of(done.flat, done.account.customer, question, done.now)
    return done, decide(subject, done.account.sums)
