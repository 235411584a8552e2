"""Processes of POSIX and Linux: children that end with their parent, and what they leave behind."""
