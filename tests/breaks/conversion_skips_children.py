# caught by: docs/nn-module/moving-and-converting.md::to
# caught by: docs/nn-module/moving-and-converting.md::type
# caught by: docs/nn-module/moving-and-converting.md::floating-point-shorthands
import torch

apply = torch.nn.Module._apply
torch.nn.Module._apply = lambda self, fn, recurse=True: apply(self, fn, recurse=False)
