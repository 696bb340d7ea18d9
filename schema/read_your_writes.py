"""Reads that require a write to be visible."""

from collections.abc import Collection
from typing import Annotated

import strawberry

from resolvers import read_your_writes as resolvers
from rules.revisions import read_revision
from schema.bad_input import bad_input, bad_input_errors
from schema.fields import Info, or_none
from schema.scalars import Revision

AtLeast = Annotated[
    Revision | None,
    strawberry.argument(
        description="A revision that the answer must reflect: the `revision` of an earlier write of this "
        "customer or of the catalog."
    ),
]


async def wait_for_revision(info: Info, at_least: Revision | None, customers: Collection[str]) -> None:
    """Return once reads see a write, at once where none is given.

    Raises GraphQLError with BAD_USER_INPUT for an invalid revision, or one that is not reached in time.
    """
    text = or_none(at_least)
    if text is None:
        return
    wanted = read_revision(text)
    if wanted is None:
        message = f"'{text}' is not a revision."
        raise bad_input(message)
    with bad_input_errors():
        await resolvers.reach(info.context, wanted, customers)
