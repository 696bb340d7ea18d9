"""The catalog: products, features, credit types, and packages with their published versions.

It owns the facts, what a plan says with its base plans (inheritance), what a single thing needs in order
to be well formed, and the words in which customers read a value. It does not own edits
(`rules.catalog_edits`), the catalog as a document (`rules.catalog_code`), or what a subscription makes of
a package (`rules.customers`).
"""
