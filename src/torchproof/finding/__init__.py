"""What there is to run: subjects in pages and scripts, and what else is read from docs."""
