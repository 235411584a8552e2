"""Write a replay as one HTML file that needs nothing else: code, figure, player and steps."""

from __future__ import annotations

from html import escape
from importlib import resources

import msgspec

from torchproof.pictures.drawing import draw
from torchproof.replays.kinds import Replay
from torchproof.replays.words import graph_told

_STYLE = """
:root { color-scheme: light dark; --color-brand-primary: #9a3412; --color-background-primary: #fff;
  --color-background-secondary: #f8f9fb; --color-background-border: #d5d7dc;
  --color-foreground-primary: #111; --color-foreground-secondary: #5a5c63;
  --color-foreground-muted: #6b6f76; --color-foreground-border: #878787; }
@media (prefers-color-scheme: dark) {
  :root { --color-brand-primary: #fdba74; --color-background-primary: #131416;
    --color-background-secondary: #1a1c1e; --color-background-border: #3a3d42;
    --color-foreground-primary: #ddd; --color-foreground-secondary: #9ca0a5;
    --color-foreground-muted: #81868d; --color-foreground-border: #777; }
}
body { margin: 0 auto; padding: 1rem; max-width: 90rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--color-foreground-primary); background: var(--color-background-primary); }
main { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr); }
.highlight { overflow-x: auto; }
.highlight pre { margin: 0; padding: .75rem 1rem; width: max-content; min-width: 100%;
  box-sizing: border-box; font: .85rem/1.5 ui-monospace, monospace;
  background-color: var(--color-background-secondary); }
.autograd-graph { text-align: center; }
@media (min-width: 64rem) {
  main { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
  .autograd-graph { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow: auto; }
}
"""


def replay_html(replay: Replay, source: str, *, title: str) -> str:
    """Return the page of a replay; `source` is the code whose lines it names."""
    static = resources.files("torchproof.replays") / "static"
    style = static.joinpath("replay.css").read_text(encoding="utf-8")
    player = static.joinpath("replay.js").read_text(encoding="utf-8")
    steps = msgspec.json.encode(graph_told(replay)).decode().replace("</", "<\\/")
    code = f'role="region" aria-label="Code"><pre>{escape(source)}</pre>'
    heading = f"Replay of <code>{escape(replay.name)}</code>"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}{style}</style>
</head>
<body>
<h1>{heading}</h1>
<main>
<div class="highlight" tabindex="0" {code}</div>
<div class="autograd-graph">
{draw(replay.graph, anchor="drawing_1", parts=True)}
<script type="application/json" class="replay-steps">{steps}</script>
</div>
</main>
<script>
{player}</script>
</body>
</html>
"""
