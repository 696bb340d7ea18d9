"""Credits: accounts of prepaid units, whose grants are burned in a fixed order.

It owns grants and their lots, burn-down, holds, minting by subscriptions, the ledger entries that each
change writes, and what time alone makes of an account. It does not own the catalog's credit entitlements
and rates (`rules.catalog`), or the commands that grant, void and consume (`rules.commands`).
"""
