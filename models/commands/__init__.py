"""Commands, carried out: one transaction for all that arrive together.

It owns the queue that commits commands in groups, the batch of one transaction, the unit of work that
holds a locked customer with what changed, and idempotency keys. It does not own what a command does
(`rules.commands`) or the rows that it loads and writes (`models.customers`, `models.usage`,
`models.credits`).
"""
