"""Introspection of torch and visdom: names, signatures, sources, and names used in code."""
