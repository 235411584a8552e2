"""Committed pictures of Visdom panes: their paths, their data, and whether they are current."""
