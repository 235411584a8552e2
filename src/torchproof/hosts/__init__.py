"""Hosts beside Sphinx that run subjects: pytest, sphinx-gallery and the live preview."""
