"""Directives, roles and transforms: what the source of a page can say."""
