"""The flags of `python -m visdom.server`, under their own names.

Those that say where it listens and what it downloads are left out: a server of ours is on loopback.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CREDENTIALS = ("VISDOM_USERNAME", "VISDOM_PASSWORD")


@dataclass(frozen=True)
class Settings:
    """What a server does other than by default; `enable_login` takes the user from CREDENTIALS."""

    base_url: str = ""
    readonly: bool = False
    eager_data_loading: bool = False
    use_frontend_client_polling: bool = False
    enable_login: bool = False

    @classmethod
    def parse(cls, flags: Sequence[str]) -> Settings:
        """Read flags; raises `ValueError` for one that is unknown or cannot be used."""
        parser = argparse.ArgumentParser(prog="visdom_server", add_help=False, exit_on_error=False)
        add_flags(parser)
        try:
            options, unknown = parser.parse_known_args(list(flags))
        except argparse.ArgumentError as error:
            raise ValueError(f"the Visdom server: {error}") from None
        if unknown:
            known = " ".join(f"-{name}" for name in cls.__dataclass_fields__)
            raise ValueError(f"the Visdom server has no flag {unknown[0]}; known are {known}")
        return cls.of(options)

    @classmethod
    def of(cls, options: argparse.Namespace) -> Settings:
        """Take the settings from a parsed command line; raises `ValueError`."""
        settings = cls(**{name: getattr(options, name) for name in cls.__dataclass_fields__})
        url = settings.base_url
        if url and (not url.startswith("/") or url.endswith("/")):
            raise ValueError(f"-base_url begins with a slash and ends without one, unlike {url!r}")
        if settings.enable_login and not all(map(os.environ.get, CREDENTIALS)):
            raise ValueError(f"-enable_login takes the user from ${' and $'.join(CREDENTIALS)}")
        return settings

    def arguments(self, *, secrets: Path) -> dict[str, Any]:
        """Return the arguments of visdom's Application; a login leaves its cookie in `secrets`."""
        utils: Any = importlib.import_module("visdom.utils.server_utils")
        credential = None
        if self.enable_login:
            (secrets / "COOKIE_SECRET").write_text(os.urandom(32).hex())
            user, password = (os.environ[name] for name in CREDENTIALS)
            # Twice, as the page of the login sends the hash of the password.
            credential = {
                "username": user,
                "password": utils.hash_password(utils.hash_password(password)),
            }
        return {
            "base_url": self.base_url,
            "readonly": self.readonly,
            "eager_data_loading": self.eager_data_loading,
            "use_frontend_client_polling": self.use_frontend_client_polling,
            "user_credential": credential,
        }


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags to a command line."""
    add = parser.add_argument
    add("-base_url", default="", help="path that stands before every route, like /visdom")
    add("-readonly", action="store_true", help="let browsers look, and change nothing")
    add("-eager_data_loading", action="store_true", help="read saved environments at the start")
    add("-use_frontend_client_polling", action="store_true", help="browsers poll, with no socket")
    add("-enable_login", action="store_true", help=f"ask for ${CREDENTIALS[0]} and its password")
