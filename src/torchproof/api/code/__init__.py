"""Resolve the names in the code of examples: positions, bindings and types."""
