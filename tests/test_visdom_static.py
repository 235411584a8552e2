import json
import posixpath
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from quality.tools import FOLDER as TOOLS
from torchproof.visdom.front_end import ASSETS, AssetsError, front_end_folder
from torchproof.visdom.page_files import static_folder
from torchproof.visdom.server import visdom_server

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not on PATH")

PROVISION = """
import sys
from pathlib import Path
from torchproof.visdom.front_end import front_end_folder
print(front_end_folder(assets=Path(sys.argv[1]), cache=Path(sys.argv[2])))
"""


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A table of one small file, so that npm has little to fetch."""
    folder = tmp_path / "assets"
    folder.mkdir()
    lock = json.loads((ASSETS / "package-lock.json").read_text())
    sjcl = lock["packages"]["node_modules/sjcl"]
    wanted = {"dependencies": {"sjcl": sjcl["version"]}}
    lock["packages"] = {"": wanted, "node_modules/sjcl": sjcl}
    (folder / "package.json").write_text(json.dumps(wanted))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    table = (ASSETS / "table.toml").read_text()
    row = next(line for line in table.splitlines() if line.startswith('"js/sjcl.js"'))
    (folder / "table.toml").write_text(f"[files]\n{row}\n")
    return folder


def replace(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, file.read_text())
    assert count == 1
    file.write_text(text)


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


@needs_npm
def test_the_page_finds_every_file_that_it_asks_for() -> None:
    with visdom_server(front_end=True) as server:
        page = urllib.request.urlopen(server.url).read().decode()
        files = re.findall(r"(?:src|href)=[\"']?(/[^\s\"'>]+)", page)
        assert len(files) > 15
        for file in files:
            # A browser takes the ".." out of "/static/../user/style.css".
            address = urllib.parse.urljoin(server.url, posixpath.normpath(file))
            with urllib.request.urlopen(address) as answer:
                assert answer.status == 200, file


@needs_npm
def test_the_folder_is_made_once(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    folder = front_end_folder(assets=assets, cache=cache)
    assert (folder / "js" / "sjcl.js").exists()
    assert (folder / "js" / "main.js").exists()
    monkeypatch.setenv("PATH", "")
    assert front_end_folder(assets=assets, cache=cache) == folder
    assert left_in(cache) == [folder.name]


@needs_npm
def test_two_processes_make_it_at_once(assets: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", PROVISION, str(assets), str(cache)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate()[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert said == {f"{cache / left_in(cache)[0]}\n"}


@needs_npm
def test_a_file_with_another_hash_is_refused(assets: Path, tmp_path: Path) -> None:
    replace(assets / "table.toml", 'sha256 = "d09a', 'sha256 = "0000')
    with pytest.raises(AssetsError) as refused:
        front_end_folder(assets=assets, cache=tmp_path / "cache")
    file, expected, got, next_step = str(refused.value).splitlines()
    assert file.endswith("node_modules/sjcl/sjcl.js is not what it should be")
    assert expected.split()[-1].startswith("0000")
    assert got.split()[-1].startswith("d09a")
    assert "table.toml" in next_step
    assert left_in(tmp_path / "cache") == []


@needs_npm
def test_a_package_with_another_hash_is_refused(assets: Path, tmp_path: Path) -> None:
    replace(assets / "package-lock.json", r"sha512-......", "sha512-AAAAAA")
    with pytest.raises(AssetsError, match=r"npm cannot install(.|\n)*EINTEGRITY"):
        front_end_folder(assets=assets, cache=tmp_path / "cache")
    assert left_in(tmp_path / "cache") == []


@needs_npm
def test_a_file_that_has_changed_since_is_refused(assets: Path, tmp_path: Path) -> None:
    folder = front_end_folder(assets=assets, cache=tmp_path)
    (folder / "js" / "sjcl.js").write_text("changed")
    said = rf"{folder}/js/sjcl.js is not(.|\n)*remove the folder {folder} and run again"
    with pytest.raises(AssetsError, match=said):
        front_end_folder(assets=assets, cache=tmp_path)
    (folder / "js" / "sjcl.js").unlink()
    with pytest.raises(AssetsError, match="no such file"):
        front_end_folder(assets=assets, cache=tmp_path)


def test_without_npm_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("TORCHPROOF_CACHE", str(tmp_path))
    said = r"npm is not on PATH: install Node\.js with npm"
    with pytest.raises(AssetsError, match=said), visdom_server(front_end=True):
        pass
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("folder", [ASSETS, TOOLS], ids=["front end", "quality"])
def test_the_lock_pins_contents_and_no_registry(folder: Path) -> None:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    # What an author asks for stands in the lock too.
    kept = [{k: v for k, v in p.items() if k != "funding"} for p in packages.values()]
    assert "://" not in json.dumps(kept)


@needs_npm
def test_a_page_that_was_changed_is_served_as_it_is(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in main.js is seen, without another call of npm."""
    cache = tmp_path / "cache"
    before = front_end_folder(assets=assets, cache=cache)
    page = static_folder()
    assert page is not None
    changed = tmp_path / "visdom" / "static"
    shutil.copytree(page, changed)
    replace(changed / "js" / "main.js", r"\A(?s:(.*))", r"\1// changed\n")
    monkeypatch.setattr("torchproof.visdom.front_end.static_folder", lambda: changed)
    monkeypatch.setattr("torchproof.visdom.page_files.static_folder", lambda: changed)
    monkeypatch.setenv("PATH", "")
    folder = front_end_folder(assets=assets, cache=cache)
    assert folder != before
    assert (folder / "js" / "main.js").read_text().endswith("// changed\n")
    assert (folder / "js" / "sjcl.js").exists()
    assert front_end_folder(assets=assets, cache=cache) == folder
    assert left_in(cache) == sorted([before.name, folder.name])
