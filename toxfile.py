"""Let tox environments share a folder, so that torch is installed once and not five times.

tox makes a folder anew when another environment used it before. Those of tox.ini differ in their
commands alone, so here the name takes no part in that comparison; deps and extras still do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tox.plugin import impl
from tox.tox_env.api import ToxEnv
from tox.tox_env.info import Info
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner
from tox.tox_env.register import ToxEnvRegister


class SharedInfo(Info):
    """What tox remembers of a folder, without the name of the environment."""

    @contextmanager
    def compare(
        self, value: Any, section: str, sub_section: str | None = None
    ) -> Iterator[tuple[bool, Any]]:
        """Compare with what was there before."""
        if section == ToxEnv.__name__:
            value = {**value, "name": "shared"}
        with super().compare(value, section, sub_section) as result:
            yield result


class SharedRunner(VirtualEnvRunner):
    """A virtual environment in a folder that others use too."""

    @staticmethod
    def id() -> str:
        """Return the name for `runner` in tox.ini."""
        return "shared"

    @property
    def cache(self) -> Info:
        """Return what tox remembers of the folder."""
        return SharedInfo(self.env_dir)


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Register the runner."""
    register.add_run_env(SharedRunner)
