"""Torchproof: the PyTorch reference that proves itself."""

__version__ = "0.1.0"
