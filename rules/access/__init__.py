"""Access: decides whether a customer may use a feature, how much is left, and why.

It owns the resolved check, the reasons in the order in which they are tested, and the cache of resolved
checks of a catalog. It does not own what a customer is entitled to (`rules.customers`), how usage is
counted (`rules.usage`), what credits there are (`rules.credits`), or the sentences that explain a decision
(`rules.explanations`).
"""
