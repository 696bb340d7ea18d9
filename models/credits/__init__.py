"""Storage of credit accounts.

It owns the tables of balances, grants, holds, burns and ledger entries, loads accounts for a transaction,
writes back what changed, and reads pages of grants and entries. It does not own the arithmetic
(`rules.credits`) or the checks that compare balances with the ledger (`models.verification`).
"""
