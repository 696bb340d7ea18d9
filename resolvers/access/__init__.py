"""Access checks: the reads that a decision needs, and the decision.

It owns how many questions are read at once, and the short way, which answers from one statement and from
memory. It does not own the statement and the caches (`models.access`), the decision (`rules.access`), or
the explanation of it (`resolvers.explanations`).
"""
