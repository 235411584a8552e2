"""The hosts other than Sphinx that run subjects: pytest, sphinx-gallery and the live preview."""
