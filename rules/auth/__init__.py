"""Auth: which caller may read or write what.

It owns API keys, the claims of a customer token, and the table of permissions that names the scope of every
root field. It does not own secrets, hashes or signatures (`models.auth`, `resolvers.auth` and
`resolvers.token_signer`), nor how a request carries a key (`server.auth`).
"""
