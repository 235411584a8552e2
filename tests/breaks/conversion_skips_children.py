# caught by: docs/nn-module/moving-and-converting.md::to
# caught by: docs/nn-module/converting-the-dtype.md::type
# caught by: docs/nn-module/converting-the-dtype.md::floating-point-shorthands
import torch

apply = torch.nn.Module._apply
torch.nn.Module._apply = lambda self, fn, recurse=True: apply(self, fn, recurse=False)
