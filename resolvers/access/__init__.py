"""Access checks: the reads that a decision needs, and the decision.

It owns how many checks are read at once, and the fast path, which answers from one statement and the caches.
It does not own the statement and the caches (`models.access`), the decision (`rules.access`), or the
explanation of it (`resolvers.explanations`).
"""
