"""Connections: pages of a list."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from resolvers.paging import Listing, Page
from schema.bad_input import bad_input_errors
from schema.fields import or_none, resolver_field

Shown = TypeVar("Shown")
Item = TypeVar("Item")

First = Annotated[int | None, strawberry.argument(description="The size of the page, 1 to 100.")]
After = Annotated[
    str | None, strawberry.argument(description="A cursor of the page before: the page starts after it.")
]


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether items follow the page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede the page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null for an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item; null for an empty page."
    )

    @classmethod
    def of(cls, page: Page[Item]) -> Self:
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )


@strawberry.type(description="An item of a list with its cursor.")
class Edge(Generic[Shown]):
    node: Shown = strawberry.field(description="The item of the list.")
    cursor: str = strawberry.field(description="An opaque cursor: pass it as `after`.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Shown]):
    edges: list[Edge[Shown]] = strawberry.field(description="The items of the page with their cursors.")
    nodes: list[Shown] = strawberry.field(description="The items of the page without cursors.")
    page_info: PageInfo = strawberry.field(description="The position of the page in the list.")
    total: strawberry.Private[int | Callable[[], Awaitable[int]]]

    @resolver_field("The number of items in the whole list.")
    async def total_count(self) -> int:
        """Return the length of the list; count it where that was deferred."""
        return self.total if isinstance(self.total, int) else await self.total()

    @classmethod
    def of(
        cls, listing: Listing[Item], show: Callable[[Item], Shown], first: int | None, after: str | None
    ) -> Self:
        """Return a page of a list; raises GraphQLError with BAD_USER_INPUT for an invalid page."""
        with bad_input_errors():
            page = listing.page(first, or_none(after))
        return cls.showing(page, show)

    @classmethod
    def showing(cls, page: Page[Item], show: Callable[[Item], Shown]) -> Self:
        nodes = [show(item) for item in page.items]
        return cls(
            edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, page.cursors, strict=True)],
            nodes=nodes,
            page_info=PageInfo.of(page),
            total=page.total,
        )
