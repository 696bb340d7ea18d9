"""Credits, as the graph needs them: balances, grants, ledger entries and commands on them.

It owns how an account is read at an instant of the past, present or future. It does not own the arithmetic
(`rules.credits`) or the rows (`models.credits`).
"""
