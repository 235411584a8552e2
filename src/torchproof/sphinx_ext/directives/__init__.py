"""Directives, roles and transforms for the source of pages."""
