"""The catalog as code: one document for all that is sold, and what has changed in words."""

from typing import Annotated, Self

import strawberry

from resolvers.catalog_code import documents as resolvers
from resolvers.catalog_code.documents import AfterApply, CatalogDocument, CatalogFormat
from rules.catalog.facts import PublishScope
from rules.revisions import Revision as RevisionName
from schema.catalog.changes import CatalogChange
from schema.fields import Info, resolver_field
from schema.previews.impacts import CustomerImpact
from schema.scalars import Revision
from schema.user_errors import INPUT, Payload, mutation


@strawberry.input(description="A document that says what the catalog is to be.")
class ApplyCatalogInput:
    """A document, and what is to be done with it."""

    document: str = strawberry.field(description="The document, as `exportCatalog` writes it.")
    format: CatalogFormat = strawberry.field(default=CatalogFormat.YAML, description="How it is written.")
    apply_to: PublishScope = strawberry.field(
        default=PublishScope.ALL_CUSTOMERS, description="Whom the versions that it publishes hold for."
    )
    dry_run: bool = strawberry.field(
        default=False, description="True says what would change and changes nothing."
    )
    prune: bool = strawberry.field(
        default=False, description="True also archives the features and packages that it leaves out."
    )

    def fact(self) -> CatalogDocument:
        """Read it."""
        return CatalogDocument(text=self.document, format=self.format, scope=self.apply_to, prune=self.prune)


@strawberry.type(description="A document that was applied, or compared.")
class ApplyCatalogPayload(Payload):
    """A document's payload."""

    changes: list[CatalogChange] = strawberry.field(
        default_factory=list, description="What it changes, in the order of the document."
    )
    impact: CustomerImpact | None = strawberry.field(
        default=None, description="What customers would notice; null where it is applied."
    )
    applied: bool = strawberry.field(
        default=False, description="Whether the catalog is now what the document says."
    )

    @classmethod
    def of(cls, after: AfterApply, *, applied: bool) -> Self:
        """Show what a document changes."""
        revision = None if after.revision is None else Revision(str(RevisionName(after.revision)))
        changes = [CatalogChange.of(change) for change in after.changes]
        impact = None if after.impact is None else CustomerImpact.of(after.impact)
        return cls(revision=revision, changes=changes, impact=impact, applied=applied)


@strawberry.type(description="What can be asked about the catalog as a whole.")
class CatalogCodeQueries:
    """Questions about the whole catalog."""

    @resolver_field("The whole catalog as one document that `applyCatalog` takes back.")
    async def export_catalog(
        self,
        info: Info,
        format: Annotated[
            CatalogFormat | None, strawberry.argument(description="How it is written.")
        ] = CatalogFormat.YAML,
    ) -> str:
        """Write the document."""
        return await resolvers.export(info.context, format or CatalogFormat.YAML)


@strawberry.type(description="What can be done to the catalog as a whole.")
class CatalogCodeMutations:
    """Acts on the whole catalog."""

    @mutation("Makes the catalog what a document says, all of it or nothing, and publishes what it changed.")
    async def apply_catalog(
        self, info: Info, input: Annotated[ApplyCatalogInput, INPUT]
    ) -> ApplyCatalogPayload:
        """Apply or compare a document."""
        if input.dry_run:
            compared = await resolvers.compare(info.context, input.fact())
            return ApplyCatalogPayload.of(compared, applied=False)
        return ApplyCatalogPayload.of(
            await resolvers.apply_document(info.context, input.fact()), applied=True
        )
