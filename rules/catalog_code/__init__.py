"""The catalog as code: a catalog written as a document, read back, compared and applied.

It owns the reader and the writer between facts and plain mappings, the difference between two catalogs in
words, which changes a catalog permits, and the integrity of a whole catalog. It does not own the syntax of
YAML and JSON (`resolvers.catalog_code.documents`) or single edits (`rules.catalog_edits`).
"""
