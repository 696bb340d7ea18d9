"""Execution of commands: one transaction for all that arrive together.

It owns the queue that commits commands in groups, the batch of one transaction, the unit of work that
tracks changes to a locked customer, and idempotency keys. It does not own what a command does
(`rules.commands`) or the rows that it loads and writes (`models.customers`, `models.usage`,
`models.credits`).
"""
