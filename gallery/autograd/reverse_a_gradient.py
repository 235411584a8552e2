"""
A reversed gradient makes a network forget what it must not know
================================================================

Features shall tell the class of a point, and not the domain that it comes from. How does one train
a network against a part of itself? A function of your own that is the identity on the way forward
and changes the sign on the way back: the layer behind it learns the domain, the layer in front of
it unlearns it.
"""

# %%
# Identity forward, minus backward
# --------------------------------
#
# ``apply`` gets the strength of the reversal as a plain number, which has no gradient: ``None``.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.autograd import Function

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})


class Reverse(Function):
    """Return the input, and the negative of its gradient."""

    @staticmethod
    def forward(ctx, x, strength):
        """Return a view, since the input itself would be returned as it is."""
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        """Reverse and scale."""
        return -ctx.strength * grad, None


small = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (Reverse.apply(small, 0.5) ** 2).sum()
# torchproof: graph loss

# %%
# Class and domain
# ----------------
#
# The first coordinate of a point tells its class, the second its domain. A linear layer makes two
# features of them; one head reads the class from the features, another the domain. The domain head
# learns faster, so that it keeps up; weight decay keeps the two from going round in circles.

place = torch.arange(128.0)
label, domain = (place % 2), (place // 2 % 2)
wobble = torch.stack([torch.sin(place * place), torch.cos(3 * place * place)], dim=1)
x = torch.stack([2 * label - 1, 2 * domain - 1], dim=1) + 0.5 * wobble


def train(strength):
    """Return the features, and the loss of each head in the end."""
    features, heads = nn.Linear(2, 2, bias=False), [nn.Linear(2, 1), nn.Linear(2, 1)]
    with torch.no_grad():
        features.weight.copy_(torch.tensor([[0.6, 0.5], [-0.4, 0.7]]))
        for head in heads:
            head.weight.fill_(0.1)
            head.bias.zero_()
    modules = nn.ModuleList([features, *heads])
    groups = [{"params": modules[:2].parameters()}, {"params": modules[2].parameters(), "lr": 0.5}]
    optimizer = torch.optim.SGD(groups, lr=0.1, weight_decay=0.03)
    for _ in range(250):
        hidden = features(x)
        class_loss = nn.functional.binary_cross_entropy_with_logits(heads[0](hidden)[:, 0], label)
        turned = Reverse.apply(hidden, strength)
        domain_loss = nn.functional.binary_cross_entropy_with_logits(heads[1](turned)[:, 0], domain)
        optimizer.zero_grad()
        (class_loss + domain_loss).backward()
        optimizer.step()
    return features(x).detach(), class_loss.item(), domain_loss.item(), features.weight.detach()


# %%
# With and without the reversal
# -----------------------------
#
# A strength of -1 is no reversal: both heads are helped. With 1 the features lie on a line along
# which the domains mix.

results = {"both helped": train(-1.0), "domain reversed": train(1.0)}
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
words = {("tab:blue", "o"): "domain 0, class 0", ("tab:orange", "x"): "domain 1, class 1"}
for ax, (name, (features, class_loss, domain_loss, _)) in zip(axes, results.items(), strict=True):
    for value, color in ((0, "tab:blue"), (1, "tab:orange")):
        for mark, wanted in (("o", 0), ("x", 1)):
            rows = ((domain == value) & (label == wanted)).cpu()
            part = features.cpu()[rows]
            ax.plot(part[:, 0], part[:, 1], mark, color=color, ms=4, label=words.get((color, mark)))
    ax.set(title=f"{name}\nclass {class_loss:.2f}, domain {domain_loss:.2f}")
    ax.set(xlabel="first feature", ylabel="second feature")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# Reversed, the domain head guesses: its loss is about ``log 2``, that of a coin, and the features
# hardly use the second coordinate. The class is told as well as before. The entry of
# :py:meth:`torch.autograd.Function.backward` says what it may return, and
# :py:meth:`torch.Tensor.register_hook` reverses without a class of your own.

loss.backward()
torch.testing.assert_close(small.grad, -0.5 * 2 * small.detach())
(_, helped_class, helped_domain, _), (_, class_loss, domain_loss, weight) = results.values()
assert helped_class < 0.1 and helped_domain < 0.1 and class_loss < 0.1
assert domain_loss > 0.5
assert weight[:, 1].norm() < 0.4 * weight[:, 0].norm()
by_hook = small.detach().clone().requires_grad_()
same = by_hook.view_as(by_hook)
handle = same.register_hook(lambda grad: -0.5 * grad)
(same**2).sum().backward()
assert torch.equal(by_hook.grad, small.grad)
