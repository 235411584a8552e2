"""How a subject is run, each in a fresh process, and how its outcome is judged."""
