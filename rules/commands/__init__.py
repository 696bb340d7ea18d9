"""Commands: each changes one customer.

Each command is a pure function from the state of one customer to the state after it. It owns the protocol
that all commands share, the rules of idempotency keys, and one module for each kind of command:
subscriptions, usage, reservations, credits, customers. It does not own the facts that a command changes
(`rules.customers`, `rules.usage`, `rules.credits`) or the transaction that runs it (`models.commands`).
"""
