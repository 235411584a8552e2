# caught by: docs/autograd/backward-and-accumulation.md::backward
# caught by: docs/autograd/backward-and-accumulation.md::Why-gradients-add-up
import torch

backward = torch.Tensor.backward


def assign(self, *args, **kwargs):
    waiting, seen = [self.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            node.variable.grad = None
        waiting += [following for following, _ in node.next_functions]
    return backward(self, *args, **kwargs)


torch.Tensor.backward = assign
