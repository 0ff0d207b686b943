"""Every setting of Portico, named once and read from the environment."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ROOT = Path(__file__).parent
STRIPE_API_URL = "https://api.stripe.com"
MOLLIE_API_URL = "https://api.mollie.com"
_TO_MAILBOX = 15
_OWN_MACHINE = ("127.0.0.1", "::1", "localhost")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


class Unsound(Exception):
    """A setting is unknown or unsound; the text is one sentence for the person who starts us."""


class Config(BaseModel):
    """The settings of one installation; `docs/settings.md` says what each is for."""

    model_config = ConfigDict(frozen=True)

    PORTICO_ENV: Literal["development", "production"] = "development"
    PORT: int = Field(default=5000, ge=1, le=65535)
    SANDBOX_PORT: int = Field(default=5010, ge=1, le=65535)
    SMTP_PORT: int = Field(default=0, ge=0, le=65535)
    PUBLIC_URL: str = ""
    DATABASE_URL: str = ""
    DATABASE_POOL: int = Field(default=12, ge=1, le=200)
    SECRET_KEY: str = ""
    SECRET_KEY_FALLBACKS: str = ""
    ENCRYPTION_KEYS: str = ""
    DEMO: bool = True
    EMPTY: bool = False
    STRIPE_API_URL: str = ""
    MOLLIE_API_URL: str = ""
    CLOCK_URL: str = ""
    SMTP_URL: str = ""
    MAIL_FROM: str = ""
    QUEUE: Literal["", "sqlite", "postgres", "none"] = ""
    TRUSTED_PROXIES: int = Field(default=0, ge=0, le=10)
    API_CALLS_PER_MINUTE: int = Field(default=600, ge=1, le=1_000_000)
    STARTS_PER_MINUTE: int = Field(default=300, ge=1, le=1_000_000)
    METRICS_TOKEN: str = ""
    PROVIDER_CALLS_PER_SECOND: float = Field(default=25, gt=0, le=100_000)
    LIMITS_URL: str = "memory://"
    SIGN_IN_TRIES: int = Field(default=10, ge=1, le=1000)
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    LOG_FORMAT: Literal["", "json", "human"] = ""
    WEB_HOST: str = "127.0.0.1"
    WEB_WORKERS: int = Field(default=2, ge=1, le=64)
    WEB_THREADS: int = Field(default=32, ge=1, le=512)
    WORKER_THREADS: int = Field(default=6, ge=2, le=64)
    EVENT_THREADS: int = Field(default=0, ge=0, le=63)
    STOP_SECONDS: int = Field(default=25, ge=1, le=600)

    @property
    def is_production(self) -> bool:
        """Real money may move here."""
        return self.PORTICO_ENV == "production"

    @property
    def is_secure(self) -> bool:
        """Pages are served over https."""
        return self.PUBLIC_URL.startswith("https://")

    @property
    def secret_keys(self) -> list[str]:
        """The signing keys, newest first."""
        return [self.SECRET_KEY, *_words(self.SECRET_KEY_FALLBACKS)]

    @property
    def encryption_keys(self) -> list[str]:
        """The keys that seal provider credentials, newest first."""
        return _words(self.ENCRYPTION_KEYS)

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox of the demo listens."""
        return f"http://127.0.0.1:{self.SANDBOX_PORT}"

    @property
    def brings_sandbox(self) -> bool:
        """The sandbox runs beside us, and both providers and the mail server are in it."""
        return self.DEMO or self.EMPTY

    @property
    def is_public(self) -> bool:
        """Others than whoever runs it may reach this installation."""
        return self.is_production or urlsplit(self.PUBLIC_URL).hostname not in _OWN_MACHINE

    @property
    def uses_sandbox(self) -> bool:
        """A provider is reached at another address than its own."""
        return (self.STRIPE_API_URL, self.MOLLIE_API_URL) != (STRIPE_API_URL, MOLLIE_API_URL)

    @property
    def folder(self) -> Path:
        """Where the embedded database, its secrets and its queue live."""
        if self.DATABASE_URL.startswith("sqlite:///"):
            return Path(self.DATABASE_URL.removeprefix("sqlite:///")).parent
        return ROOT / "var"


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings; raises Unsound with one clear sentence."""
    environ = os.environ if environ is None else environ
    given = {name: environ[name] for name in Config.model_fields if environ.get(name)}
    _refuse_unknown(environ)
    try:
        config = Config.model_validate(given)
    except ValidationError as error:
        raise Unsound(_sentence(error)) from None
    config = config.model_copy(update=_derived(config, given))
    _refuse_unsound(config)
    return config


def is_private(url: str) -> bool:
    """A host on the internet cannot reach this URL."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".test", ".internal"))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    unknown = sorted(
        name for name in environ if name.startswith("PORTICO_") and name not in Config.model_fields
    )
    if unknown:
        raise Unsound(f"{unknown[0]} is not a setting of Portico; docs/settings.md lists them.")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][0]} is {first['input']!r}: {first['msg'].lower()}."


def _derived(config: Config, given: Mapping[str, str]) -> dict[str, object]:
    demo = config.DEMO if "DEMO" in given else not (config.is_production or config.EMPTY)
    has_sandbox = demo or config.EMPTY
    sandbox = config.sandbox_url
    # An empty world and the demo's can be kept side by side.
    folder = ROOT / "var" / "empty" if config.EMPTY else ROOT / "var"
    database = config.DATABASE_URL or f"sqlite:///{folder / 'portico.sqlite3'}"
    derived: dict[str, object] = {
        "DEMO": demo,
        "PUBLIC_URL": (config.PUBLIC_URL or f"http://127.0.0.1:{config.PORT}").rstrip("/"),
        "DATABASE_URL": _driver(database),
        "STRIPE_API_URL": config.STRIPE_API_URL
        or (f"{sandbox}/stripe" if has_sandbox else STRIPE_API_URL),
        "MOLLIE_API_URL": config.MOLLIE_API_URL
        or (f"{sandbox}/mollie" if has_sandbox else MOLLIE_API_URL),
        "CLOCK_URL": config.CLOCK_URL or (f"{sandbox}/control/clock" if has_sandbox else ""),
        **_mail(config, has_sandbox=has_sandbox),
        "QUEUE": config.QUEUE or ("sqlite" if database.startswith("sqlite") else "postgres"),
        "EVENT_THREADS": config.EVENT_THREADS or (config.WORKER_THREADS + 1) // 2,
        "LOG_FORMAT": config.LOG_FORMAT or ("json" if config.is_production else "human"),
    }
    if not config.is_production and not (config.SECRET_KEY and config.ENCRYPTION_KEYS):
        folder = config.model_copy(update=derived).folder
        for name, secret in _development_secrets(folder).items():
            derived[name] = given.get(name) or secret
    return derived


def _mail(config: Config, *, has_sandbox: bool) -> dict[str, object]:
    port = config.SMTP_PORT or mailbox_port(config.SANDBOX_PORT)
    return {
        "SMTP_PORT": port,
        "SMTP_URL": config.SMTP_URL or (f"smtp://127.0.0.1:{port}" if has_sandbox else ""),
        "MAIL_FROM": config.MAIL_FROM or ("billing@portico.example" if has_sandbox else ""),
    }


def mailbox_port(sandbox_port: int) -> int:
    """Answer where the sandbox takes mail unless SMTP_PORT says otherwise: 5025 for 5010."""
    port = sandbox_port + _TO_MAILBOX
    return port if port <= 65535 else sandbox_port - _TO_MAILBOX


def _driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _development_secrets(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": secrets.token_hex(32),
    }
    # Linked into place: of two processes starting at once one writes, and both read it whole.
    with tempfile.NamedTemporaryFile("w", dir=folder) as file:
        json.dump(made, file)
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _refuse_unsound(config: Config) -> None:
    for broken, sentence in _rules(config):
        if broken:
            raise Unsound(sentence)


def _rules(config: Config) -> list[tuple[bool, str]]:
    production = config.is_production
    database = config.DATABASE_URL
    return [
        (
            not database.startswith(("sqlite:///", "postgresql+psycopg://")),
            "DATABASE_URL must begin with sqlite:/// or postgresql://.",
        ),
        (
            urlsplit(config.PUBLIC_URL).scheme not in ("http", "https")
            or not urlsplit(config.PUBLIC_URL).hostname,
            "PUBLIC_URL must be an absolute http or https address.",
        ),
        (
            config.QUEUE == "postgres" and database.startswith("sqlite"),
            "QUEUE=postgres needs a PostgreSQL DATABASE_URL.",
        ),
        (
            bool(config.SMTP_URL) and not _is_mail_server(config.SMTP_URL),
            "SMTP_URL must begin with smtp:// or smtps:// and name a host.",
        ),
        (
            _sends_password_openly(config.SMTP_URL),
            "SMTP_URL must be smtps:// or end in ?starttls where it has a password.",
        ),
        (
            bool(config.SMTP_URL) and not _ADDRESS.fullmatch(config.MAIL_FROM),
            "MAIL_FROM must be an e-mail address where SMTP_URL is set.",
        ),
        (
            config.EVENT_THREADS >= config.WORKER_THREADS,
            "EVENT_THREADS must be less than WORKER_THREADS: mails and sweeps need a thread too.",
        ),
        (
            production and config.DEMO,
            "DEMO cannot be on in production: the demo world has public passwords.",
        ),
        (
            production and config.EMPTY,
            "EMPTY cannot be on in production: it brings the sandbox. A new database is empty.",
        ),
        (
            config.DEMO and config.EMPTY,
            "DEMO and EMPTY cannot both be on: the demo world is not empty.",
        ),
        (
            production and len(config.SECRET_KEY) < 32,
            "SECRET_KEY must be set in production, to at least 32 random characters.",
        ),
        (
            production and not config.encryption_keys,
            "ENCRYPTION_KEYS must be set in production: 64 hexadecimal digits each.",
        ),
        (
            any(not _is_key(key) for key in config.encryption_keys),
            "ENCRYPTION_KEYS must be 64 hexadecimal digits each, separated by commas.",
        ),
        (
            production and not config.is_secure,
            "PUBLIC_URL must be https in production: sign-in cookies travel over it.",
        ),
        (
            production and bool(config.CLOCK_URL),
            "CLOCK_URL cannot be set in production: billing time is wall time there.",
        ),
        (
            production and config.uses_sandbox,
            "STRIPE_API_URL and MOLLIE_API_URL cannot be changed in production.",
        ),
    ]


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _sends_password_openly(url: str) -> bool:
    parts = urlsplit(url) if _is_mail_server(url) else None
    return bool(parts and parts.password and parts.scheme == "smtp" and parts.query != "starttls")


def _is_key(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False
