"""Planted faults: change torch or Visdom in one place, and see whether an entry notices.

`python -m torchproof.mutants` plants each fault in a process of its own and runs the subjects of
the entry there; see `__main__`. Results lie in `docs/mutants`.
"""
