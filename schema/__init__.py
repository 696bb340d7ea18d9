"""What the graph says: Strawberry types over facts."""
