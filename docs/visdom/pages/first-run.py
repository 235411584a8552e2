"""The page at the end of the training loop of "Visdom in five minutes"."""

import torch
from torch import nn

SIZE = (1280, 440)
LABELS = {
    "environment": ".rc-tree-select",
    "view": "#viewDropdown",
    "filter": "[data-cy=filter]",
    "connection": "role=button[name=online]",
    "curve": ".react-grid-item >> nth=0 >> .content",
    "images": ".react-grid-item >> nth=1 >> .content",
    "text": ".react-grid-item >> nth=2 >> .content-text > div",
    "buttons": ".react-grid-item >> nth=2 >> [title=save]",
    "corner": ".react-grid-item >> nth=2 >> .react-resizable-handle",
}


def windows(vis):
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    spots = [
        (rows - 8 * n - 4) ** 2 + (columns - 8 * m - 4) ** 2 for n in range(4) for m in range(4)
    ]
    images = torch.stack(spots).div(-24).exp().unsqueeze(1)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(1024, 16), nn.Linear(16, 1024), nn.Unflatten(1, (1, 32, 32))
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(91):
        output = model(images)
        loss = nn.functional.mse_loss(output, images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            vis.line([loss.item()], [step], win="loss", update="append", opts={"title": "Loss"})
            vis.images(output.clamp(0, 1), nrow=4, win="output", opts={"title": "Output"})
            line = f"step {step}: loss {loss:.3f}"
            vis.text(line, win="log", append=step > 0, opts={"title": "Log"})
