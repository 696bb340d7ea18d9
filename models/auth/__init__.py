"""Storage of API keys and of the secret that signs customer tokens.

It owns their tables, the search for a key by the hash of its secret, and the cache of keys in use. It does
not own what a key may do (`rules.auth`) or how tokens are signed (`resolvers.token_signer`).
"""
