# caught by: docs/autograd/backward-and-accumulation.md::backward
# caught by: docs/autograd/torch-autograd-grad.md::Tensor.grad
import torch

torch.Tensor.backward = lambda self, *args, **kwargs: None
