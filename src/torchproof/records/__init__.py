"""Verdicts, the records of environments, and what is computed from them."""
