"""Auth: who may ask for what, as facts.

It owns API keys, the claims of a customer's token, and the table of permissions that names the scope of
every root field. It does not own secrets, hashes or signatures (`models.auth`, `resolvers.auth` and
`resolvers.token_signer`), nor how a request carries a key (`server.auth`).
"""
