"""Verification: whether what is kept agrees with what was recorded.

It owns the checks behind `verify`: counters against usage records, balances and grants against the
ledger. Each check gives the first difference that it finds. It repairs nothing, and it does not own the
tables (`models.usage`, `models.credits`).
"""
