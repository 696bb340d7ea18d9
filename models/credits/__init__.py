"""Credit accounts, as they are kept.

It owns the tables of balances, grants, holds, burns and ledger entries, opens accounts for a transaction
and writes back what changed, and reads pages of grants and entries. It does not own the arithmetic
(`rules.credits`) or the checks that compare balances with the ledger (`models.verification`).
"""
