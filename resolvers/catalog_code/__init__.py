"""The catalog as code, between text and facts.

It owns export, comparison and application of documents, and the syntax of YAML and JSON, which keeps the
position of every value so that a problem can name its line. It does not own what a document means
(`rules.catalog_code`).
"""
