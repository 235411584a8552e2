# caught by: docs/nn-module/moving-and-converting.md::floating-point-shorthands
import torch

torch.nn.Module.half = torch.nn.Module.bfloat16
