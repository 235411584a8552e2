"""Names in the code of examples: where they stand, what they are bound to, and of which type."""
