"""POSIX and Linux processes: children that exit with their parent, orphans, huge pages."""
