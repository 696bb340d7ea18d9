"""Storage of usage.

It owns the tables of usage records, counters by window, and reservations, and the statements that read and
write them. It does not own which window counts (`rules.usage`) or the checks that recount records
(`models.verification`).
"""
