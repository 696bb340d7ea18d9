"""The revision that a payload returns."""

from collections.abc import Iterable

from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.command import CommandResult
from rules.revisions import Revision as RevisionName
from schema.scalars import Revision


def catalog_revision(flat: ResolvedCatalog) -> Revision:
    """Return the catalog's newest revision."""
    return Revision(str(RevisionName(flat.catalog.revision)))


def revision_written(done: CommandResult) -> Revision | None:
    """Return the revision that a command wrote; None if it wrote nothing."""
    return None if done.revision is None else Revision(str(done.revision))


def revision_written_by_all(done: Iterable[CommandResult]) -> Revision | None:
    """Return the revision of many commands: the last write of one customer, or the catalog's for several."""
    written = [one for one in done if one.revision is not None]
    if not written:
        return None
    owners = {one.state.customer.number for one in written if one.state.customer is not None}
    last = max(written, key=lambda one: one.number or 0)
    return revision_written(last) if len(owners) == 1 else catalog_revision(last.flat)
