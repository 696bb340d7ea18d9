"""How a payload names the write that it answers for."""

from collections.abc import Iterable

from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.command import CommandResult
from rules.revisions import Revision as RevisionName
from schema.scalars import Revision


def catalog_revision(flat: ResolvedCatalog) -> Revision:
    """Name the catalog's newest write."""
    return Revision(str(RevisionName(flat.catalog.revision)))


def revision_written(done: CommandResult) -> Revision | None:
    """Name what an act wrote; None where it wrote nothing."""
    return None if done.revision is None else Revision(str(done.revision))


def revision_written_by_all(done: Iterable[CommandResult]) -> Revision | None:
    """Name what many acts wrote: the last write of one customer, of several the catalog's that they saw."""
    written = [one for one in done if one.revision is not None]
    if not written:
        return None
    owners = {one.state.customer.number for one in written if one.state.customer is not None}
    last = max(written, key=lambda one: one.number or 0)
    return revision_written(last) if len(owners) == 1 else catalog_revision(last.flat)
