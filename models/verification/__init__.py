"""Verification: whether stored totals agree with the records behind them.

It owns the checks behind `verify`: counters against usage records, balances and grants against the ledger.
Each check returns the first difference that it finds. It repairs nothing, and it does not own the tables
(`models.usage`, `models.credits`).
"""
