"""Connections: lists in pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from resolvers.paging import Listing, Page
from schema.bad_input import bad_input_errors
from schema.fields import or_none, resolver_field

Shown = TypeVar("Shown")
Item = TypeVar("Item")

First = Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor behind which to begin.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """A page's place."""

    has_next_page: bool = strawberry.field(description="Whether there are items behind it.")
    has_previous_page: bool = strawberry.field(description="Whether there are items before it.")
    start_cursor: str | None = strawberry.field(description="The cursor of its first item.")
    end_cursor: str | None = strawberry.field(description="The cursor of its last item.")

    @classmethod
    def of(cls, page: Page[Item]) -> Self:
        """Show where a page stands."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )


@strawberry.type(description="An item of a list, and where it stands.")
class Edge(Generic[Shown]):
    """An item and its cursor."""

    node: Shown = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Opaque; names its place in the list.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Shown]):
    """A page."""

    edges: list[Edge[Shown]] = strawberry.field(description="The items with their cursors.")
    nodes: list[Shown] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    total: strawberry.Private[int | Callable[[], Awaitable[int]]]

    @resolver_field("How many items the whole list has.")
    async def total_count(self) -> int:
        """Count them, where that is not done yet."""
        return self.total if isinstance(self.total, int) else await self.total()

    @classmethod
    def of(
        cls, listing: Listing[Item], show: Callable[[Item], Shown], first: int | None, after: str | None
    ) -> Self:
        """Show a page of a list; GraphQLError with BAD_USER_INPUT for a page that cannot be."""
        with bad_input_errors():
            page = listing.page(first, or_none(after))
        return cls.showing(page, show)

    @classmethod
    def showing(cls, page: Page[Item], show: Callable[[Item], Shown]) -> Self:
        """Show a page."""
        nodes = [show(item) for item in page.items]
        return cls(
            edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, page.cursors, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page),
            total=page.total,
        )
