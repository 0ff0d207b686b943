"""Settings: read from the environment, refused in one sentence where they are unsound."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from config import Unsound, load

PRODUCTION = {
    "PORTICO_ENV": "production",
    "PUBLIC_URL": "https://billing.example.com",
    "DATABASE_URL": "postgresql://portico@db.example.com/portico",
    "SECRET_KEY": "k" * 48,
    "ENCRYPTION_KEYS": "5e" * 32,
}


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{tmp_path / 'portico.sqlite3'}"}


class TestLoad:
    def test_derives_a_demo_from_nothing_but_ports(self, embedded: dict[str, str]) -> None:
        settings = load({**embedded, "PORT": "5077", "SANDBOX_PORT": "5088"})

        assert settings.DEMO
        assert settings.PUBLIC_URL == "http://127.0.0.1:5077"
        assert settings.STRIPE_API_URL == "http://127.0.0.1:5088/stripe"
        assert settings.MOLLIE_API_URL == "http://127.0.0.1:5088/mollie"
        assert settings.CLOCK_URL == "http://127.0.0.1:5088/control/clock"
        assert settings.QUEUE == "sqlite"
        assert settings.SMTP_URL == "smtp://127.0.0.1:5103"

    @pytest.mark.parametrize(("sandbox", "mailbox"), [("5010", "5025"), ("65530", "65515")])
    def test_finds_the_mailbox_a_port_beside_the_sandbox(
        self, embedded: dict[str, str], sandbox: str, mailbox: str
    ) -> None:
        settings = load({**embedded, "SANDBOX_PORT": sandbox})

        assert str(settings.SMTP_PORT) == mailbox

    def test_brings_the_sandbox_to_an_empty_world_beside_the_demos(
        self, embedded: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(config, "ROOT", tmp_path)

        settings = load({"EMPTY": "1", "SANDBOX_PORT": "5088"})

        assert not settings.DEMO
        assert settings.brings_sandbox
        assert settings.folder == tmp_path / "var" / "empty"
        assert settings.STRIPE_API_URL == "http://127.0.0.1:5088/stripe"
        assert settings.CLOCK_URL == "http://127.0.0.1:5088/control/clock"
        assert settings.SMTP_URL == "smtp://127.0.0.1:5103"
        assert load({**embedded, "EMPTY": "1"}).folder == tmp_path
        assert load({}).folder == tmp_path / "var"

    @pytest.mark.parametrize(
        ("given", "is_public"),
        [
            ({}, False),
            ({"PUBLIC_URL": "http://localhost:5000"}, False),
            ({"PUBLIC_URL": "http://[::1]:5000"}, False),
            ({"PUBLIC_URL": "http://portico.local"}, True),
            ({"PUBLIC_URL": "http://192.168.1.4:5000"}, True),
        ],
    )
    def test_takes_all_but_the_own_machine_for_public(
        self, embedded: dict[str, str], given: dict[str, str], is_public: bool
    ) -> None:
        assert load({**embedded, **given}).is_public is is_public
        assert load({**PRODUCTION, "DATABASE_URL": embedded["DATABASE_URL"]}).is_public

    def test_takes_real_providers_and_wall_time_in_production(self) -> None:
        settings = load(PRODUCTION)

        assert not settings.DEMO
        assert not settings.uses_sandbox
        assert settings.CLOCK_URL == ""
        assert settings.SMTP_URL == ""
        assert settings.QUEUE == "postgres"
        assert settings.DATABASE_URL == "postgresql+psycopg://portico@db.example.com/portico"

    @pytest.mark.parametrize(
        ("given", "at_events"),
        [
            ({}, 3),
            ({"WORKER_THREADS": "2"}, 1),
            ({"WORKER_THREADS": "3"}, 2),
            ({"WORKER_THREADS": "16"}, 8),
            ({"WORKER_THREADS": "16", "EVENT_THREADS": "15"}, 15),
        ],
    )
    def test_lets_half_of_a_workers_threads_look_at_events(
        self, embedded: dict[str, str], given: dict[str, str], at_events: int
    ) -> None:
        config = load({**embedded, **given})

        assert at_events == config.EVENT_THREADS

    def test_takes_an_empty_value_as_not_given(self, embedded: dict[str, str]) -> None:
        assert load({**embedded, "PORT": "", "PUBLIC_URL": ""}).PORT == 5000

    def test_leaves_no_slash_at_the_end_of_the_public_url(self, embedded: dict[str, str]) -> None:
        settings = load({**embedded, "PUBLIC_URL": "http://localhost:5000/"})

        assert settings.PUBLIC_URL == "http://localhost:5000"

    def test_keeps_development_secrets_beside_the_database(
        self, embedded: dict[str, str], tmp_path: Path
    ) -> None:
        first = load(embedded)
        second = load(embedded)

        assert first.SECRET_KEY == second.SECRET_KEY
        assert first.ENCRYPTION_KEYS == second.ENCRYPTION_KEYS
        assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600

    def test_prefers_a_given_secret_to_the_kept_one(self, embedded: dict[str, str]) -> None:
        load(embedded)

        assert load({**embedded, "SECRET_KEY": "given"}).secret_keys == ["given"]

    def test_makes_no_secret_in_production(self, tmp_path: Path) -> None:
        database = f"sqlite:///{tmp_path / 'portico.sqlite3'}"

        load({**PRODUCTION, "DATABASE_URL": database})

        assert list(tmp_path.iterdir()) == []

    def test_reads_older_keys_after_the_newest(self, embedded: dict[str, str]) -> None:
        settings = load(
            {
                **embedded,
                "SECRET_KEY": "new",
                "SECRET_KEY_FALLBACKS": "old, older",
                "ENCRYPTION_KEYS": f"{'5e' * 32},{'4d' * 32}",
            }
        )

        assert settings.secret_keys == ["new", "old", "older"]
        assert settings.encryption_keys == ["5e" * 32, "4d" * 32]


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"PORT": "http"}, "PORT"),
            ({"PORT": "0"}, "PORT"),
            ({"PORT": "70000"}, "PORT"),
            ({"DEMO": "perhaps"}, "DEMO"),
            ({"EVENT_THREADS": "many"}, "EVENT_THREADS"),
            ({"EVENT_THREADS": "6"}, "EVENT_THREADS"),
            ({"WORKER_THREADS": "2", "EVENT_THREADS": "2"}, "EVENT_THREADS"),
            ({"DEMO": "1", "EMPTY": "1"}, "EMPTY"),
            ({"PORTICO_ENV": "staging"}, "PORTICO_ENV"),
            ({"PORTICO_COLOUR": "red"}, "PORTICO_COLOUR"),
            ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
            ({"SIGN_IN_TRIES": "0"}, "SIGN_IN_TRIES"),
            ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
            ({"DATABASE_URL": "mysql://localhost/portico"}, "DATABASE_URL"),
            ({"PUBLIC_URL": "portico.example.com"}, "PUBLIC_URL"),
            ({"PUBLIC_URL": "ftp://portico.example.com"}, "PUBLIC_URL"),
            ({"QUEUE": "postgres"}, "QUEUE"),
            ({"ENCRYPTION_KEYS": "abc"}, "ENCRYPTION_KEYS"),
            ({"SMTP_URL": "mail.example.com"}, "SMTP_URL"),
            ({"SMTP_URL": "smtp://"}, "SMTP_URL"),
            ({"SMTP_URL": "smtp://mail.example.com:none"}, "SMTP_URL"),
            ({"SMTP_URL": "smtp://acme:secret@mail.example.com"}, "SMTP_URL"),
            ({"MAIL_FROM": "Acme <billing@acme.example>"}, "MAIL_FROM"),
        ],
    )
    def test_name_the_unsound_setting_in_one_sentence(
        self, embedded: dict[str, str], given: dict[str, str], named: str
    ) -> None:
        self._assert_refused({**embedded, **given}, named)

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"SECRET_KEY": ""}, "SECRET_KEY"),
            ({"SECRET_KEY": "short"}, "SECRET_KEY"),
            ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS"),
            ({"ENCRYPTION_KEYS": "zz" * 32}, "ENCRYPTION_KEYS"),
            ({"PUBLIC_URL": "http://billing.example.com"}, "PUBLIC_URL"),
            ({"DEMO": "1"}, "DEMO"),
            ({"EMPTY": "1"}, "EMPTY"),
            ({"SMTP_URL": "smtps://mail.example.com"}, "MAIL_FROM"),
            ({"CLOCK_URL": "http://127.0.0.1:5010/control/clock"}, "CLOCK_URL"),
            ({"STRIPE_API_URL": "http://127.0.0.1:5010/stripe"}, "STRIPE_API_URL"),
            ({"MOLLIE_API_URL": "http://127.0.0.1:5010/mollie"}, "MOLLIE_API_URL"),
        ],
    )
    def test_keep_production_sound(self, given: dict[str, str], named: str) -> None:
        self._assert_refused({**PRODUCTION, **given}, named)

    def _assert_refused(self, environ: dict[str, str], named: str) -> None:
        with pytest.raises(Unsound) as refusal:
            load(environ)

        sentence = str(refusal.value)
        assert named in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence


class TestIsPrivate:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost:5000",
            "http://192.168.1.4",
            "https://portico.local",
            "https://portico.internal",
            "http://portico",
            "",
        ],
    )
    def test_is_true_of_what_the_internet_cannot_reach(self, url: str) -> None:
        assert config.is_private(url)

    @pytest.mark.parametrize("url", ["https://billing.example.com", "https://8.8.8.8/hooks"])
    def test_is_false_of_public_addresses(self, url: str) -> None:
        assert not config.is_private(url)
