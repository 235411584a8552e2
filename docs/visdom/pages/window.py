"""The buttons of a plot, with the smoothing on."""

SIZE = (1280, 480)
PART = ".react-grid-item"
LABELS = {
    "close": "[title=close]",
    "save": "[title=save]",
    "properties": "[title=properties]",
    "smooth": "[title='smooth lines']",
    "slider": ".widget input",
    "resize": ".react-resizable-handle",
}


def windows(vis):
    noisy = [4 / (1 + step / 8) + (step * 7 % 5 - 2) / 4 for step in range(60)]
    vis.line(
        noisy, list(range(60)), win="loss", opts={"title": "Loss", "width": 500, "height": 360}
    )


def drive(page):
    page.locator("[title='smooth lines']").click()
    page.locator(".widget input").fill("8")
