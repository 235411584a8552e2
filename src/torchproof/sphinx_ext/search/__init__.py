"""Build the index of the site's search."""
