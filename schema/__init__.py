"""The graph: Strawberry types over facts.

Annotations are not postponed here: Strawberry reads all of them while it builds the schema, and parsing them
once more would take a tenth of the start. Types that come later in a module are quoted.
"""
