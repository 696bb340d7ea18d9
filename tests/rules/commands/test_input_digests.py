"""Digests of inputs are stored for ever, beside their idempotency keys: no renaming may change them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command, input_digest
from rules.commands.consume import Consume
from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import Reserve, SettleReservation
from rules.commands.subscribe import Subscribe
from rules.credits.grants import CreditSource
from rules.customers.facts import TrialEnd

AT = datetime(2026, 3, 1, tzinfo=UTC)

STORED = [
    (
        ReportUsage(feature="calls", quantity=2_500_000, mode=UsageMode.ADD, occurred_at=AT),
        "02019740a18ffca33bfd4b029ff27c07e6643e4645a15d4ac48e13ba4d0ba81a",
    ),
    (
        Consume(feature="calls", quantity=1_000_000, properties={"model": "small", "n": 1.0}),
        "c5b03b64829ba3d21e8219dc3e36e0c58c38a7192d3faf534b4753b827c5873f",
    ),
    (
        GrantCredits(credit_type="ai", amount=5_000_000, source=CreditSource.PAID, expires_at=AT),
        "6bd0aa08e25069f4d0f5159a3c1938c915f14201cf15827334caafee4b384582",
    ),
    (
        ConsumeCredits(credit_type="ai", amount=5_000_000, note="a picture"),
        "4df3576d98775b1242592a5290917b4c195f3b2aef1f3f95650a62a4e1c84e2c",
    ),
    (
        Subscribe(plan="pro", price="monthly", trial_days=14, after_trial=TrialEnd.EXPIRE, start_at=AT),
        "e63e76715def5432440eb6bf23d17464ffa1627086420fcfa6e2f44915554881",
    ),
    (
        ChangePlan(plan="pro", timing=ChangeTiming.PERIOD_END, usage=UsageOnChange.CARRY),
        "feac3847c4a07d9f931d83bbc88ecd700858c977ae3c232e46877325a2f70d71",
    ),
    (
        Reserve(feature="calls", quantity=1_000_000, key="job-1", ttl_seconds=60),
        "f3edac1be16b7671aa3164cde9ceba99ffc1b5160c72126a2dfadd6a326b6d1d",
    ),
    (
        SettleReservation(key="job-1", quantity=500_000),
        "18c90063dd154e7db0b716f50f69a6fef903b5bf51ef6c983b909db59fada7d7",
    ),
]


@pytest.mark.parametrize(("command", "digest"), STORED, ids=lambda value: type(value).__name__)
def test_a_command_has_the_digest_that_is_stored_for_it(command: Command, digest: str) -> None:
    assert input_digest(command) == digest
