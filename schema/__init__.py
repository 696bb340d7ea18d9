"""What the graph says: Strawberry types over facts.

Annotations are not postponed here: Strawberry reads all of them as it makes the graph, and to parse
them once more would take a tenth of a start. What comes later in a module stands in quotes.
"""
