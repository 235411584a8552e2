# caught by: docs/autograd/zeroing-and-stepping.md::Module.zero_grad
import torch

zero_grad = torch.nn.Module.zero_grad
torch.nn.Module.zero_grad = lambda self, set_to_none=False: zero_grad(self, set_to_none)
