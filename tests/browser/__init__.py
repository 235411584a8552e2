"""Tests of the built site in a real browser: `tox -e browser`, after `tox -e docs`."""
