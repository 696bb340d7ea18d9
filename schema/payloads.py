"""How a payload names the write that it answers for."""

from collections.abc import Iterable

from models.commands.batch import Done
from rules.catalog.inheritance import Flattened
from rules.revisions import Revision as RevisionName
from schema.scalars import Revision


def revision_of(flat: Flattened) -> Revision:
    """Name the catalog's newest write."""
    return Revision(str(RevisionName(flat.catalog.revision)))


def named(done: Done) -> Revision | None:
    """Name what an act wrote; None where it wrote nothing."""
    return None if done.revision is None else Revision(str(done.revision))


def named_all(done: Iterable[Done]) -> Revision | None:
    """Name what many acts wrote: the last write of one customer, of several the catalog's that they saw."""
    written = [one for one in done if one.revision is not None]
    if not written:
        return None
    owners = {one.account.customer.number for one in written if one.account.customer is not None}
    last = max(written, key=lambda one: one.number or 0)
    return named(last) if len(owners) == 1 else revision_of(last.flat)
