"""Access: the one decision whether a customer may use a feature, how much is left, and why.

It owns the resolved question, the reasons in the order in which they are tested, and the cache of what
was resolved for a catalog. It does not own what a customer is entitled to (`rules.customers`), how usage
is counted (`rules.usage`), what credits there are (`rules.credits`), or the sentences that explain a
decision (`rules.explanations`).
"""
