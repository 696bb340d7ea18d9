"""Credits in the graph: balances, grants and ledger entries.

It owns their types, inputs and mutations, and the fields by which a customer shows credits. It does not
own credit types and credit entitlements, which are part of the catalog (`schema.catalog`).
"""
