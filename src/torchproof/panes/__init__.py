"""Committed pictures of Visdom panes and pages: paths, data, and whether they are current."""
