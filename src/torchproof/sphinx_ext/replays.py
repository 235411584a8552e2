"""Put a replay below each drawn graph and trace: its steps as data, which a script plays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import torchproof.replays
from torchproof.pictures.kinds import Drawable, Graph, Trace
from torchproof.replays.kinds import Replay, TraceReplay
from torchproof.replays.store import RecordingFailed, replays_of
from torchproof.replays.words import graph_told, trace_told
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.proving import site_of, subjects_of
from torchproof.sphinx_ext.translation import translate
from torchproof.sphinx_ext.warning_types import Kind, logger, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

STATIC = Path(torchproof.replays.__file__).with_name("static")
_CLASS = "replay-steps"


def replay_of(
    env: BuildEnvironment, shown: Drawable, *, subject: str = "", example: int | None = None
) -> Replay | TraceReplay | None:
    """Return the replay of what a page draws; None if there is none.

    `subject` is the id of its subject, `example` the index of its example there; without them it
    is that of a script, whose figures are told apart by what they show.
    """
    if not isinstance(shown, Graph | Trace):
        return None
    site = site_of(env)
    for one in subjects_of(env, env.docname):
        recording = site.replays.get(one.id)
        # Two sections of a page may have examples of one number, with a variable of one name.
        if recording is None or (one.id != subject if subject else one.kind != "script"):
            continue
        every: tuple[Replay | TraceReplay, ...] = (*recording.graphs, *recording.traces)
        found = [
            replay
            for replay in every
            if replay.name == shown.name and example in (None, replay.example)
        ]
        for replay in found:
            if _shows(replay, shown):
                return replay
        if found:
            line = one.examples[example].line if example is not None else 1
            warn(
                Kind.PICTURE,
                f"the replay of `{shown.name}` recorded something else than the figure shows",
                location=f"{site.root / one.file}:{line}",
            )
    return None


def _shows(replay: Replay | TraceReplay, shown: Graph | Trace) -> bool:
    if isinstance(replay, Replay):
        return replay.graph == shown
    return isinstance(shown, Trace) and replay.lines == shown.lines


def steps_html(replay: Replay | TraceReplay) -> str:
    """Return the steps of a replay as data within a page."""
    if isinstance(replay, Replay):
        told = graph_told(replay, translate=translate)
    else:
        told = trace_told(replay, translate=translate)
    # Within a script element, only `</script` ends it.
    data = msgspec.json.encode(told).decode().replace("</", "<\\/")
    return f'<script type="application/json" class="{_CLASS}">{data}</script>'


def _record(app: Sphinx) -> None:
    if not app.config.torchproof_replays:
        return
    site = site_of(app.env)
    proof = site.proof
    passed = [s for s in proof.found.subjects if proof.drawings.get(s.id) or s.kind == "script"]
    try:
        found = replays_of(
            [subject for subject in passed if proof.holds(subject)],
            folder=Path(app.srcdir, app.config.torchproof_cache, "replays").resolve(),
            announce=lambda message: logger.info("torchproof: %s", message),
        )
    except RecordingFailed as error:
        warn(Kind.PICTURE, str(error))
        return
    proof_domain(app.env).site = replace(site, replays=found)
    subjects = {subject.id: subject for subject in proof.found.subjects}
    for name, recording in found.items():
        subject = subjects[name]
        for refused in recording.refused:
            examples = subject.examples
            line = examples[refused.example].line if refused.example < len(examples) else 1
            warn(
                Kind.PICTURE,
                f"the figure of `{refused.name}` has no replay: {refused.reason}",
                location=f"{site.root / subject.file}:{line}",
            )


def _static(_: Sphinx, config: Config) -> None:
    config.html_static_path = [*config.html_static_path, str(STATIC)]


def _load(app: Sphinx, _: str, __: str, context: dict[str, Any], ___: Any) -> None:
    if f'class="{_CLASS}"' in context.get("body", ""):
        app.add_css_file("replay.css")
        app.add_js_file("replay.js", defer="defer")


def setup(app: Sphinx) -> None:
    """Register the steps and the setting."""
    app.add_config_value("torchproof_replays", True, "env", types=frozenset({bool}))
    app.connect("config-inited", _static)
    # After the proof, and before sphinx-gallery.
    app.connect("builder-inited", _record, priority=6)
    app.connect("html-page-context", _load)
