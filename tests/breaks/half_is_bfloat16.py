# caught by: docs/nn-module/converting-the-dtype.md::floating-point-shorthands
import torch

torch.nn.Module.half = torch.nn.Module.bfloat16
