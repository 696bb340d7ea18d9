"""May these customers use these features: all that is needed is read at once, and the rules decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from models import usage
from models.usage import Owner, Sums
from resolvers.context import Context
from resolvers.customers import found
from resolvers.reading import Look, look
from rules.access import Decision, Question, Subject, decide, subject_of
from rules.customers import Customer
from rules.sources import spoken_of

NO_SUMS: Sums = {}


async def access(context: Context, question: Question) -> Decision:
    """Answer one question; unknown keys get a no, never an error."""
    return (await accesses(context, [question]))[0]


async def accesses(context: Context, questions: Sequence[Question]) -> list[Decision]:
    """Answer many questions at one instant, in their order."""
    async with look(context) as seen:
        known = await found(seen, {question.customer for question in questions})
        return await answer(seen, known, questions)


async def accesses_of(context: Context, key: str, features: Iterable[str] | None = None) -> list[Decision]:
    """Answer for each feature named, or for each that any source of the customer speaks about."""
    async with look(context) as seen:
        known = await found(seen, {key})
        if features is None:
            customer = known.get(key)
            features = [] if customer is None else spoken_of(seen.flat, customer, customer.asked_at(seen.now))
        return await answer(seen, known, [Question(customer=key, feature=feature) for feature in features])


async def answer(seen: Look, known: Mapping[str, Customer], questions: Iterable[Question]) -> list[Decision]:
    """Decide questions about customers who were found."""
    subjects = [_subject(seen, known.get(question.customer), question) for question in questions]
    sums = await _sums(seen, subjects)
    return [decide(subject, sums.get(_owner(seen, subject), NO_SUMS)) for subject in subjects]


def _subject(seen: Look, customer: Customer | None, question: Question) -> Subject:
    now = seen.now if customer is None else customer.asked_at(seen.now)
    return subject_of(seen.flat, customer, question, now)


def _owner(seen: Look, subject: Subject) -> Owner | None:
    if subject.customer is None:
        return None
    return Owner(environment=seen.environment.number, customer=subject.customer.number)


async def _sums(seen: Look, subjects: Iterable[Subject]) -> Mapping[Owner | None, Sums]:
    """Give the sums that the subjects need: those kept, and those that are not counted anew."""
    needed = {
        (owner, subject.window)
        for subject in subjects
        if subject.window is not None and (owner := _owner(seen, subject)) is not None
    }
    kept = await usage.kept(seen.session, {owner for owner, _ in needed})
    missing = [(owner, window) for owner, window in needed if window not in kept[owner]]
    counted = await usage.count_anew(seen.session, missing)
    return {owner: sums | counted.get(owner, NO_SUMS) for owner, sums in kept.items()}
