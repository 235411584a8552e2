"""The dialog that saves, copies and deletes environments."""

SIZE = (1280, 480)
PART = ".ReactModal__Content"
LABELS = {
    "name": ".ReactModal__Content input",
    "save": ".ReactModal__Content button >> nth=0",
    "list": ".ReactModal__Content select",
    "delete": ".ReactModal__Content button >> nth=1",
}


def windows(vis):
    vis.text("words", win="words", opts={"title": "Words"})
    vis.text("words", win="words", env="lr_0.1", opts={"title": "Words"})


def drive(page):
    page.locator(".navbar-form .glyphicon-folder-open").first.click()
    page.locator(".ReactModal__Content").wait_for()
