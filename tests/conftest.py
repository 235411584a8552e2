"""What several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import Ear, Tree

from torchproof.running.worker import Worker


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Return a tree with a worker, for tests that leave the fork server as it is."""
    root = tmp_path_factory.mktemp("tree")
    with pytest.MonkeyPatch.context() as patch, Worker(root=root) as worker:
        # The tests say what happens without a GPU, also where there is one.
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        worker.environment("cpu")
        patch.undo()
        yield Tree(root, worker)


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    """Return a named pipe that a subject speaks into."""
    ear = Ear(tmp_path)
    yield ear
    ear.close()
