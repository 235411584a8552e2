"""Runs at the start of each interpreter that a subject with a planted fault starts."""

import os

if "TORCHPROOF_PLANTED" in os.environ:
    from torchproof.mutants.spawned import follow

    follow()
