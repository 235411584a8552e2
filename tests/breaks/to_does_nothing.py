# caught by: docs/nn-module/moving-and-converting.md::to
import torch

torch.nn.Module.to = lambda self, *args, **kwargs: self
