"""The catalog as code: one document for the whole catalog, and its differences in words."""

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


@strawberry.input(description="A document that describes the whole catalog.")
class ApplyCatalogInput:
    document: str = strawberry.field(description="The document, in the form that `exportCatalog` writes.")
    format: CatalogFormat = strawberry.field(
        default=CatalogFormat.YAML, description="The syntax of the document."
    )
    apply_to: PublishScope = strawberry.field(
        default=PublishScope.ALL_CUSTOMERS,
        description="The subscriptions that the published versions hold for.",
    )
    dry_run: bool = strawberry.field(
        default=False, description="True returns what would change, and changes nothing."
    )
    prune: bool = strawberry.field(
        default=False,
        description="True also archives the features and packages that the document leaves out.",
    )

    def fact(self) -> CatalogDocument:
        return CatalogDocument(text=self.document, format=self.format, scope=self.apply_to, prune=self.prune)


@strawberry.type(description="The result of applying a catalog document, or of a dry run.")
class ApplyCatalogPayload(Payload):
    changes: list[CatalogChange] = strawberry.field(
        default_factory=list, description="What the document changes, in its own order."
    )
    impact: CustomerImpact | None = strawberry.field(
        default=None, description="What customers would notice; dry runs only, null once it is applied."
    )
    applied: bool = strawberry.field(
        default=False, description="Whether the catalog is now as the document says; false for a dry run."
    )

    @classmethod
    def of(cls, after: AfterApply, *, applied: bool) -> Self:
        revision = None if after.revision is None else Revision(str(RevisionName(after.revision)))
        changes = [CatalogChange.of(change) for change in after.changes]
        impact = None if after.impact is None else CustomerImpact.of(after.impact)
        return cls(revision=revision, changes=changes, impact=impact, applied=applied)


@strawberry.type(description="What can be asked about the catalog as a whole.")
class CatalogCodeQueries:
    @resolver_field("The whole catalog as one document that `applyCatalog` accepts.")
    async def export_catalog(
        self,
        info: Info,
        format: Annotated[
            CatalogFormat | None, strawberry.argument(description="The syntax of the document.")
        ] = CatalogFormat.YAML,
    ) -> str:
        return await resolvers.export(info.context, format or CatalogFormat.YAML)


@strawberry.type(description="What can be done to the catalog as a whole.")
class CatalogCodeMutations:
    @mutation("Makes the catalog what a document says, all or nothing, and publishes what changed.")
    async def apply_catalog(
        self, info: Info, input: Annotated[ApplyCatalogInput, INPUT]
    ) -> ApplyCatalogPayload:
        if input.dry_run:
            compared = await resolvers.compare(info.context, input.fact())
            return ApplyCatalogPayload.of(compared, applied=False)
        return ApplyCatalogPayload.of(
            await resolvers.apply_document(info.context, input.fact()), applied=True
        )
