"""The flags of `python -m visdom.server` that our server supports, under the same names.

Flags for the address and for downloads are left out: our server listens on loopback only.
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
    """Settings of a server; `enable_login` takes user and password from CREDENTIALS."""

    base_url: str = ""
    readonly: bool = False
    eager_data_loading: bool = False
    use_frontend_client_polling: bool = False
    enable_login: bool = False

    @classmethod
    def parse(cls, flags: Sequence[str]) -> Settings:
        """Parse flags; raises `ValueError` for an unknown or invalid one."""
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
        """Return the settings in a parsed command line; raises `ValueError` for an invalid one."""
        settings = cls(**{name: getattr(options, name) for name in cls.__dataclass_fields__})
        url = settings.base_url
        if url and (not url.startswith("/") or url.endswith("/")):
            raise ValueError(f"-base_url begins with a slash and ends without one, unlike {url!r}")
        if settings.enable_login and not all(map(os.environ.get, CREDENTIALS)):
            raise ValueError(f"-enable_login takes the user from ${' and $'.join(CREDENTIALS)}")
        return settings

    def arguments(self, *, secrets: Path) -> dict[str, Any]:
        """Return the arguments of visdom's Application; a login writes its secret to `secrets`."""
        utils: Any = importlib.import_module("visdom.utils.server_utils")
        credential = None
        if self.enable_login:
            secrets.mkdir(parents=True, exist_ok=True)
            (secrets / "COOKIE_SECRET").write_text(os.urandom(32).hex())
            user, password = (os.environ[name] for name in CREDENTIALS)
            # Hash twice, since the login page sends the hash of the password.
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
    """Add the flags to an argument parser."""
    add = parser.add_argument
    add("-base_url", default="", help="path that stands before every route, like /visdom")
    add("-readonly", action="store_true", help="let browsers look, and change nothing")
    add("-eager_data_loading", action="store_true", help="read saved environments at the start")
    add("-use_frontend_client_polling", action="store_true", help="browsers poll, with no socket")
    add("-enable_login", action="store_true", help=f"ask for ${CREDENTIALS[0]} and its password")
