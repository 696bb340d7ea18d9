"""Access in the graph: a check, and the answer to it.

It owns the input of a check and the types of a decision with its usage. It does not own arguments that
several nouns share (`schema.arguments`), the sources of an entitlement (`schema.customers`), explanations
(`schema.explanations`) or the decision (`rules.access`).
"""
