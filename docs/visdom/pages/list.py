"""The list of environments, open."""

SIZE = (1280, 320)
LABELS = {
    "selected": ".rc-tree-select-selection__choice",
    "group": "span.rc-tree-select-tree-node-content-wrapper[title=lr]",
    "names": "span.rc-tree-select-tree-node-content-wrapper[title='lr_0.1']",
    "nothing": ".rc-tree-select-selection__clear",
}


def windows(vis):
    vis.text("words", win="words", opts={"title": "Words"})
    for env in ["lr_0.1", "lr_0.01", "baseline"]:
        vis.text("words", win="words", env=env, opts={"title": "Words"})


def drive(page):
    page.locator(".rc-tree-select-selection__rendered").click()
    page.locator("span.rc-tree-select-tree-node-content-wrapper[title=lr]").wait_for()
