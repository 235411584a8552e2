"""Statements: what the prose of a page says, and which block proves it."""
