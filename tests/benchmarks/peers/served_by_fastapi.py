"""FastAPI with SQLAlchemy over asyncpg: a session for each request, one statement, and pydantic's answer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from typing import Annotated, ClassVar, Literal

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import DateTime, ForeignKey, MetaData, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of facts.sql."""

    metadata = MetaData(schema="peers")
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class ApiKey(Base):
    """A key, of which the SHA-256 is kept."""

    __tablename__ = "api_keys"

    digest: Mapped[str] = mapped_column(primary_key=True)
    revoked_at: Mapped[datetime | None]


class Customer(Base):
    """A customer."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)


class PlanLimit(Base):
    """The most that a plan gives of a feature in a period."""

    __tablename__ = "plan_limits"

    plan: Mapped[str] = mapped_column(primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    most: Mapped[int]


class CustomerPlan(Base):
    """A plan that a customer is on, and its current period."""

    __tablename__ = "customer_plans"

    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), primary_key=True)
    plan: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]


class Counter(Base):
    """What was used in a period."""

    __tablename__ = "counters"

    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]


class Access(BaseModel):
    """The answer."""

    allowed: bool
    reason: Literal["WITHIN_LIMIT", "LIMIT_EXCEEDED", "NOT_ENTITLED"]
    remaining: int | None = None
    period_end: datetime | None = None


async def opened(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request a session."""
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(opened)]


async def admitted(session: Session, authorization: Annotated[str | None, Header()] = None) -> None:
    """Look the key of a request up; who carries none is let in unseen, so that both can be measured."""
    if authorization is None:
        return
    digest = sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    key = await session.get(ApiKey, digest)
    if key is None or key.revoked_at is not None:
        raise HTTPException(401)


app = FastAPI(dependencies=[Depends(admitted)])


@app.get("/customers/{customer}/access/{feature}")
async def access(customer: str, feature: str, session: Session, requested: int = 1) -> Access:
    """Tell whether a customer may use so much of a feature."""
    found = await session.execute(
        select(PlanLimit.most, func.coalesce(Counter.used, 0), CustomerPlan.period_end)
        .join(CustomerPlan, CustomerPlan.plan == PlanLimit.plan)
        .join(Customer, Customer.id == CustomerPlan.customer_id)
        .outerjoin(
            Counter,
            and_(
                Counter.customer_id == Customer.id,
                Counter.feature == PlanLimit.feature,
                Counter.period_start == CustomerPlan.period_start,
            ),
        )
        .where(Customer.key == customer, PlanLimit.feature == feature)
        .where(func.now() >= CustomerPlan.period_start, func.now() < CustomerPlan.period_end)
    )
    row = found.one_or_none()
    if row is None:
        return Access(allowed=False, reason="NOT_ENTITLED")
    most, used, period_end = row
    allowed = used + requested <= most
    return Access(
        allowed=allowed,
        reason="WITHIN_LIMIT" if allowed else "LIMIT_EXCEEDED",
        remaining=max(most - used, 0),
        period_end=period_end,
    )


def serve() -> FastAPI:
    """Serve the database that the environment names."""
    # As many connections as the others keep, and none that is opened for one request and closed again.
    engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
    app.state.sessions = async_sessionmaker(engine)
    return app
