"""The bar of the page, and windows of three kinds below it."""

import numpy as np

SIZE = (1280, 480)
LABELS = {
    "environment": ".rc-tree-select",
    "clear": "#clear-button",
    "environments": "[data-original-title='Manage Environments']",
    "view": "#viewDropdown",
    "repack": "[data-original-title=Repack]",
    "views": "[data-original-title='Manage Views']",
    "filter": "[data-cy=filter]",
    "online": "role=button[name=online]",
}


def windows(vis):
    legend = ["train", "val"]
    vis.line(
        [[4, 5], [2, 3], [1, 2.5]], [0, 1, 2], win="loss", opts={"title": "Loss", "legend": legend}
    )
    vis.text("epoch 2 of 10", win="log", opts={"title": "Log"})
    shades = np.arange(256, dtype=np.uint8).reshape(16, 16)
    vis.image(
        np.stack([shades] * 3), win="input", opts={"title": "Input", "width": 250, "height": 280}
    )
