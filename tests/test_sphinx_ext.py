"""The extension in real builds."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import zlib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from lxml.html import document_fromstring as parse
from sites import CONF, Site, entry, page
from trees import Ear

from torchproof.api.inventory import public_names
from torchproof.finding.marks import release_of
from torchproof.running.environment import describe_environment
from torchproof.sphinx_ext.output import examples_json

ZERO_GRAD = """\
>>> layer = nn.Linear(1, 1)
>>> layer.weight.grad = torch.ones(1, 1)
>>> layer.zero_grad()
>>> layer.weight.grad is None
True"""
HERE = "{}.{}".format(*release_of(describe_environment("cpu").torch))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    script = '''"""
A finding
=========

See :py:meth:`torch.nn.Module.zero_grad`.
"""
import torch
assert torch.ones(1).sum() == 1
'''
    site.write(
        {
            "docs/pages/a.md": page(
                entry("torch.nn.Module.zero_grad", ZERO_GRAD),
                entry(
                    "torch.Tensor.backward",
                    ":graph: loss\n>>> x = torch.ones(2, requires_grad=True)\n"
                    ">>> loss = (x * 3).sum()\n>>> loss.backward()\n>>> x.grad\ntensor([3., 3.])",
                ),
                "\nSee {py:meth}`torch.nn.Module.zero_grad`.\n",
                "\n```{note-2019}\nThe note says zeros.\n```\n",
            ),
            "docs/gallery/area/finding.rst": ":orphan:\n\nA finding\n=========\n\n"
            ":py:meth:`torch.nn.Module.zero_grad`\n",
            "gallery/area/finding.py": script,
        }
    )
    first = site.build()
    assert first.status == 0, first.output
    return site


def html(site: Site, name: str = "pages/a") -> str:
    return (site.root / "docs/_build/html" / f"{name}.html").read_text(encoding="utf-8")


def test_an_entry_shows_signature_source_verdict_scripts_and_upstream(built: Site) -> None:
    text = html(built)
    assert 'id="torch.nn.Module.zero_grad"' in text
    assert "set_to_none" in text
    assert "/torch/nn/modules/module.py#L" in text
    assert '<p class="verdict">checked: <span class="verdict-device">CPU ' in text
    assert f'<span class="verdict-passed">✓ torch {HERE}</span>' in text
    assert "CUDA not yet" in text
    assert "Scripts that use it" in text
    assert "gallery/area/finding.html" in text
    assert "generated/torch.nn.Module.html#torch.nn.Module.zero_grad" in text
    # The footer is the last thing of the entry's section.
    assert text.index("What it does") < text.index("entry-footer") < text.index("Tensor.backward")


def test_roles_in_pages_and_scripts_lead_to_the_entry(built: Site) -> None:
    assert 'href="#torch.nn.Module.zero_grad"' in html(built)
    assert "pages/a.html#torch.nn.Module.zero_grad" in html(built, "gallery/area/finding")


def test_a_graph_is_drawn_below_its_example(built: Site) -> None:
    text = html(built)
    svg = text[text.index("<svg") : text.index("</svg>")]
    assert 'role="img"' in svg
    assert "MulBackward0" in svg
    # Below its own example, and in its own entry.
    assert text.index('id="torch.Tensor.backward"') < text.index("<svg") < text.rindex("Upstream")


def test_the_note_of_2019_is_marked(built: Site) -> None:
    (note,) = parse(html(built)).find_class("note-2019")
    assert note.text_content().split("\n")[-2:] == ["The note says zeros.", ""]


def test_objects_inv_does_not_claim_the_names_of_torch(built: Site) -> None:
    data = (built.root / "docs/_build/html/objects.inv").read_bytes()
    text = zlib.decompress(data.split(b"zlib.\n", 1)[1]).decode()
    assert "torch.nn.Module.zero_grad proof:entry" in text
    assert " py:" not in text


def test_examples_json_follows_its_schema(built: Site) -> None:
    data = json.loads((built.root / "docs/_build/html/examples.json").read_text(encoding="utf-8"))
    text = files("torchproof").joinpath("examples.schema.json").read_text(encoding="utf-8")
    assert text == examples_json.schema(), "write what examples_json.schema() returns to the file"
    schema = json.loads(text)
    jsonschema.validate(data, schema)
    subjects = {s["id"]: s for s in data["subjects"]}
    zero_grad = subjects["docs/pages/a.md::zero_grad"]
    assert zero_grad["names"] == ["torch.nn.Module.zero_grad"]
    assert zero_grad["checked"] == 1
    assert set(zero_grad["outcomes"].values()) == {"passed"}
    assert set(zero_grad["outcomes"]) <= set(data["environments"])
    assert subjects["gallery/area/finding.py"]["kind"] == "script"
    del zero_grad["digest"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


def test_a_second_build_runs_nothing_and_an_edit_runs_one_subject(built: Site) -> None:
    assert "running" not in built.build().output
    path = built.root / "docs/pages/a.md"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("x * 3", "3 * x"), encoding="utf-8")
    assert "running 1 of 3 subjects" in built.build().output
    path.write_text(before, encoding="utf-8")


def test_the_stock_doctest_builder_judges_the_same_page(built: Site) -> None:
    build = built.build("doctest")
    assert build.status == 0, build.output
    assert "0 failures in tests" in build.output


def test_a_verdict_from_a_record_reaches_a_page_that_was_not_edited(built: Site) -> None:
    cache = next((built.root / "docs/_build/torchproof/outcomes").glob("*.json"))
    record = json.loads(cache.read_text(encoding="utf-8"))
    record["environment"] |= {"torch": "2.7.1"}
    folder = built.root / "docs/verified"
    folder.mkdir(exist_ok=True)
    (folder / "torch2.7.1.json").write_text(json.dumps(record), encoding="utf-8")
    build = built.build()
    assert build.status == 0, build.output
    assert f"✓ torch 2.7 {HERE}</span>" in html(built)


def test_a_failing_example_fails_the_build_with_its_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(entry("torch.nn.Module.zero_grad", ZERO_GRAD.replace("True", "False")))
    site.write({"docs/pages/a.md": text})
    build = site.build()
    line = text.split("\n").index(">>> layer.weight.grad is None") + 1
    assert build.status != 0
    assert f"docs/pages/a.md:{line}: WARNING:" in build.output
    assert "expected:\n    False\ngot:\n    True" in build.output
    assert "[torchproof.example]" in build.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (page(entry("torch.nn.Module.zero_gard", ZERO_GRAD)), "torch.nn.Module.zero_grad"),
        (
            page(
                entry("torch.nn.Module.zero_grad", ZERO_GRAD),
                entry("torch.nn.Module.zero_grad", ZERO_GRAD, heading="again"),
            ),
            "second entry for torch.nn.Module.zero_grad",
        ),
        (page(entry("torch.nn.Module.to", ">>> 1\n1"), setup=""), "page without set-up block"),
        (page(entry("torch.nn.Module.to", "nothing")), "no `>>>`"),
    ],
)
def test_bad_pages_fail_with_file_line_and_reason(tmp_path: Path, text: str, message: str) -> None:
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": text})
    build = site.build()
    assert build.status != 0
    assert message in build.output
    assert "docs/pages/a.md:" in build.output


def test_a_pane_without_picture_and_browser_says_what_to_install(tmp_path: Path) -> None:
    site = Site(tmp_path)
    setup = "```{doctest}\n>>> import visdom\n>>> vis = visdom.Visdom()\n```\n"
    block = ":pane: text\n:alt: a word\n>>> vis.text('word', win='text')\n'text'"
    site.write({"docs/pages/a.md": page(entry("visdom.Visdom.text", block), setup=setup)})
    build = site.build(
        env={"PATH": "", "TORCHPROOF_CHROMIUM": "", "PLAYWRIGHT_BROWSERS_PATH": "/none"}
    )
    assert build.status != 0
    assert "no picture of pane `text`" in build.output
    assert "chromium" in build.output
    assert "docs/panes/" in build.output


def test_the_gate_counts_fails_and_wants_exemptions_to_be_needed(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF.replace('"nn-module", ', ""))
    site.write(
        {
            "docs/pages/a.md": page(entry("torch.nn.Module.zero_grad", ZERO_GRAD)),
            "docs/exemptions.toml": '"torch.nn.Module.zero_grad" = "not needed"\n'
            '"torch.nn.Module.nothing" = "no such name"\n',
        }
    )
    build = site.build()
    assert build.status != 0
    modules, autograd = (len(public_names()[area]) for area in ("nn-module", "autograd"))
    modules -= 1  # the exempt one
    assert f"nn-module: 0 of {modules} names documented\n" in build.output
    assert f"autograd: 0 of {autograd} names documented (under construction)" in build.output
    assert f"nn-module: {modules} names have no entry\n" in build.output
    assert (
        "  torch.nn.Module.training: add a section `## training` with "
        "`{entry} torch.nn.Module.training` and a {doctest} block to docs/pages/a.md, "
        "like its sibling torch.nn.Module.zero_grad\n"
    ) in build.output
    assert "{entry} torch.nn.Module` and a {doctest} block to a page of docs/nn-module\n" in (
        build.output
    )
    assert (
        f"  and {modules - 10} more\n  templates/entry.md is an entry to copy from" in build.output
    )
    assert not re.search(r"autograd: \d+ names have", build.output)
    assert "torch.nn.Module.zero_grad: exempt, but it has an entry" in build.output
    assert "torch.nn.Module.nothing: exempt, but not a name" in build.output


def test_a_name_documented_by_a_skipped_subject_alone_is_an_error(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(entry("torch.nn.Module.cuda", ">>> nn.Linear(1, 1).cuda().weight.is_cuda\nTrue"))
    only = "```{entry} torch.nn.Module.cuda\n:only: cuda\n:because: it moves there"
    site.write({"docs/pages/a.md": text.replace("```{entry} torch.nn.Module.cuda", only)})
    build = site.build()
    assert build.status != 0
    assert "torch.nn.Module.cuda is documented, but no example of it passed" in build.output


def test_an_interrupted_build_is_rebuilt(tmp_path: Path, ear: Ear) -> None:
    site = Site(tmp_path)
    wait = ">>> import threading\n>>> _ = threading.Event().wait()"
    slow = f"{ear.say('1')}\n{wait}\n>>> 1\n1"
    pages = {"docs/pages/a.md": page(entry("torch.nn.Module.zero_grad", ZERO_GRAD))}
    site.write({**pages, "docs/pages/b.md": page(entry("torch.nn.Module.to", slow))})
    # Whoever starts the tests in the background has SIGINT ignored, which is inherited.
    interruptible = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    run = "import runpy; runpy.run_module('sphinx', run_name='__main__', alter_sys=True)"
    python, *options = site.command()
    arguments = options[options.index("sphinx") + 1 :]
    process = subprocess.Popen(
        [python, "-c", f"{interruptible}; {run}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    ear.heard()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode != 0
    assert b"Interrupted" in output
    (tmp_path / "docs/pages/b.md").write_text(
        page(entry("torch.nn.Module.to", ">>> 1\n1")), encoding="utf-8"
    )
    build = site.build()
    assert build.status == 0, build.output
    # What of it was kept is a matter of `proof`; here nothing may stand in the way.
    assert build.page("pages/a").count('verdict-passed">✓ torch') == 1
    assert build.page("pages/b").count('verdict-passed">✓ torch') == 1


def test_a_deprecated_call_fails_the_sites_of_tests(tmp_path: Path) -> None:
    calls = (
        "import warnings\n"
        "def setup(app):\n"
        "    app.connect('builder-inited', call)\n"
        "def call(app):\n"
        "    warnings.warn('gone in Sphinx 12', PendingDeprecationWarning)\n"
    )
    site = Site(tmp_path, conf=CONF + calls)
    site.write({"docs/pages/a.md": "# A\n"})
    build = site.build()
    assert build.status != 0
    assert "gone in Sphinx 12" in build.output


def test_no_import_of_the_extension_calls_what_is_deprecated(tmp_path: Path) -> None:
    # Sites are built in forks of a process that has imported it, where nobody sees such a call.
    python, *options = Site(tmp_path).command()
    warnings = options[: options.index("-m")]
    assert warnings
    imports = "import torchproof.sphinx_ext, torchproof.hosts.gallery_hooks"
    subprocess.run([python, *warnings, "-c", imports], check=True)
