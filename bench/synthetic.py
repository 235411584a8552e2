"""Sites made up for measuring: pages of small, realistic examples whose output is known."""

from __future__ import annotations

from pathlib import Path

SUBJECTS_A_PAGE = 10

_CONF = """\
import doctest

extensions = ["myst_parser", "sphinx.ext.doctest"]
doctest_default_flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
doctest_test_doctest_blocks = ""
"""
_SETUP = """\
>>> import torch
>>> from torch import nn
"""


def write_site(root: Path, subjects: int) -> Path:
    """Write a site of that many subjects below `root/docs`; return `root`.

    The stock doctest builder and torchproof read the same pages. The configuration is plain: it
    loads nothing of torchproof.
    """
    docs = root / "docs"
    docs.mkdir(parents=True)
    (docs / "conf.py").write_text(_CONF, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    names = []
    for first in range(0, subjects, SUBJECTS_A_PAGE):
        numbers = range(first, min(first + SUBJECTS_A_PAGE, subjects))
        names.append(f"page-{first:04}")
        (docs / f"{names[-1]}.md").write_text(_page(names[-1], numbers), encoding="utf-8")
    toctree = "\n".join(["# Synthetic", "", "```{toctree}", *names, "```", ""])
    (docs / "index.md").write_text(toctree, encoding="utf-8")
    return root


def write_empty_site(root: Path, subjects: int) -> Path:
    """Write a site whose subjects do next to nothing, so that what is left is overhead."""
    docs = root / "docs"
    docs.mkdir(parents=True)
    sections = [
        f"## subject-{n}\n\n{_block(f'>>> {n} + 1{chr(10)}{n + 1}')}" for n in range(subjects)
    ]
    page = "\n\n".join(["# Empty", _block(">>> import torch"), *sections])
    (docs / "empty.md").write_text(page + "\n", encoding="utf-8")
    return root


def _page(name: str, numbers: range) -> str:
    parts = [f"# {name}", "Examples of layers with fixed weights.", _block(_SETUP)]
    for number in numbers:
        example = _EXAMPLES[number % len(_EXAMPLES)](number)
        parts += [f"## subject-{number}", "What it does, in a sentence.", _block(example)]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```{{doctest}}\n{text.rstrip()}\n```"


def _linear(n: int) -> str:
    return f"""\
>>> layer = nn.Linear(2, 1, bias=False)
>>> with torch.no_grad():
...     weight = layer.weight.copy_(torch.tensor([[2.0, {n}.0]]))
>>> loss = layer(torch.tensor([3.0, 1.0])).sum()
>>> loss.item()
{6 + n}.0
>>> loss.backward()
>>> layer.weight.grad
tensor([[3., 1.]])
"""


def _square(n: int) -> str:
    return f"""\
>>> x = torch.tensor([1.0, {n}.0], requires_grad=True)
>>> y = (x * x).sum()
>>> y.backward()
>>> x.grad.tolist()
[2.0, {2 * n}.0]
"""


def _sequential(n: int) -> str:
    return f"""\
>>> model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
>>> for parameter in model.parameters():
...     _ = nn.init.constant_(parameter, 1.0)
>>> out = model(torch.tensor([[{n}.0, 1.0], [0.0, -9.0]]))
>>> out.tolist()
[[{2 * (n + 2) + 1}.0], [1.0]]
>>> out.sum().backward()
>>> model[0].bias.grad
tensor([1., 1.])
"""


def _loss(n: int) -> str:
    return f"""\
>>> layer = nn.Linear(1, 1)
>>> layer.load_state_dict({{"weight": torch.tensor([[1.0]]), "bias": torch.tensor([0.0])}})
<All keys matched successfully>
>>> loss = nn.functional.mse_loss(layer(torch.tensor([[{n + 2}.0]])), torch.tensor([[{n}.0]]))
>>> loss.backward()
>>> loss.item(), layer.bias.grad.item()
(4.0, 4.0)
"""


def _hook(n: int) -> str:
    return f"""\
>>> layer, seen = nn.Identity(), []
>>> handle = layer.register_forward_hook(lambda module, args, out: seen.append(out.sum().item()))
>>> assert layer(torch.full((2, 2), {n}.0)).shape == (2, 2)
>>> seen
[{4 * n}.0]
>>> handle.remove()
"""


_EXAMPLES = (_linear, _square, _sequential, _loss, _hook)
