"""What a reader gets, measured on the built site by tools that others wrote: `tox -e quality`."""
