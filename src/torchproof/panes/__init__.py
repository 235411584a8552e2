"""Committed pictures of Visdom panes: where they lie, what they show, whether they are current."""
