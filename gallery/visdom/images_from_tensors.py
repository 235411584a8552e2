"""
An image with one value just above 1 comes out almost black
===========================================================

Which tensors does :py:meth:`visdom.Visdom.image` show as they are meant? Floats from 0 to 1 and bytes.
Floats of another range are drawn wrong without a word, and four kinds of tensor are refused with messages
that do not help; a small function in front of the call rules both out.
"""

import base64
import io
import json

import matplotlib.image
import torch
import visdom

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None


def shown(win):
    """Return the pixels of an image pane, from 0 to 255, height by width by channel."""
    src = json.loads(vis.get_window_data(win))["content"]["src"]
    png = io.BytesIO(base64.b64decode(src.removeprefix("data:image/png;base64,")))
    return torch.tensor(matplotlib.image.imread(png)).mul(255).round().int()


# %%
# A tensor of height by width, or channel by height by width, goes straight to the server, also one that
# requires grad. Floats of which none is above 1 are multiplied by 255.

SIZE = 120
ramp = torch.linspace(0, 1, SIZE).expand(3, SIZE, SIZE).clone().requires_grad_()
assert vis.image(ramp, win="as-it-is", opts={"title": "0 to 1"}) == "as-it-is"
assert shown("as-it-is").shape == (SIZE, SIZE, 3)
assert shown("as-it-is")[0, 0].tolist() == [0, 0, 0]
assert shown("as-it-is")[0, -1].tolist() == [255, 255, 255]

# %%
# One pixel of 1.001 says to the client that the values are bytes already: it cuts 0.0 to 0.999 off to 0
# and the rest to 1.

bright = ramp.detach().clone()
bright[:, 0, 0] = 1.001
assert vis.image(bright, win="above-one", opts={"title": "0 to 1.001"}) == "above-one"
assert shown("above-one").max() == 1

# %%
# Normalised images have values below 0. There the bytes start again at 255: what should be darkest is
# bright.

normal = ramp.detach() * 2 - 1
assert vis.image(normal, win="below-zero", opts={"title": "-1 to 1"}) == "below-zero"
row = shown("below-zero")[0, :, 0]
assert row[5] < row[40] and row[55] > 200 and row[65] < 50

# %%
# Refused are height by width by channel, which is read as 120 channels, and the types ``bool``, ``int64``
# and ``bfloat16``. The messages come from Pillow and torch and do not name the cause.

for wrong in [ramp.permute(1, 2, 0), ramp > 0.5, (ramp * 255).long(), ramp.bfloat16()]:
    try:
        vis.image(wrong, win="refused")
    except TypeError as error:
        print(f"{tuple(wrong.shape)} {wrong.dtype}: {error}")
    else:
        raise AssertionError("not refused")
assert not vis.win_exists("refused")

# %%
# The function takes the range from the caller, checks the shape and makes bytes of it. A batch gets the
# same treatment and a grid from :py:meth:`visdom.Visdom.images`.


def show(tensor, win, low=0.0, high=1.0, **opts):
    """Draw a tensor of (batch,) channel, height, width; `low` is black and `high` is white."""
    pixels = tensor.detach().float()
    if pixels.ndim not in (2, 3, 4) or (pixels.ndim > 2 and pixels.shape[-3] not in (1, 3)):
        raise ValueError(f"not the shape of images: {tuple(pixels.shape)}")
    if not pixels.isfinite().all():
        raise ValueError("there is a value that is not finite")
    pixels = ((pixels - low) / (high - low)).clamp(0, 1)
    draw = vis.images if pixels.ndim == 4 else vis.image
    answer = draw(pixels, win=win, opts=opts)
    if answer != win:
        raise RuntimeError(f"visdom answered {answer!r}")


for tensor in [bright > 0.5, (bright > 0.5).long(), bright.bfloat16()]:
    show(tensor, "safe")
    assert shown("safe")[0, -1].tolist() == [255, 255, 255]
show(normal, "safe", low=-1, title="-1 to 1, safe")
show(torch.stack([bright, bright.mT, bright.flip(2)]), "batch", title="Batch, safe")

# %%
# The server holds what was meant. See :py:meth:`visdom.Visdom.image` for the other shapes and types.

assert (shown("safe") - shown("as-it-is")).abs().max() <= 1
assert shown("batch").shape[:2] == (SIZE + 4, 3 * (SIZE + 4))
for tensor in [bright.permute(1, 2, 0), bright / 0]:
    try:
        show(tensor, "never")
    except ValueError as error:
        print(error)
assert not vis.win_exists("never")
