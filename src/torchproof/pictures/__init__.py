"""Autograd graphs, module trees and call traces, recorded and drawn; and pictures in words."""
