"""Configuration is read once, strictly, and every mistake is named with its key and its place."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from extract.config.load import ENVIRONMENT, ROOT, Config, load
from extract.errors import ConfigError


def loaded(tmp_path: Path, toml: str = "", **environ: str) -> Config:
    path = tmp_path / "given.toml"
    path.write_text(toml)
    return load({"HILAL_CONFIG": str(path), "HILAL_INSTANCE": str(tmp_path / "instance"), **environ})


def test_the_example_names_every_key_with_its_default() -> None:
    example = tomllib.loads((ROOT / "config.example.toml").read_text())
    defaults = asdict(Config())

    assert example == {section: {**keys} for section, keys in defaults.items()} | {"vault": {"keys": []}}


def test_the_example_names_every_environment_variable() -> None:
    text = (ROOT / "config.example.toml").read_text()

    assert [variable for variable in ENVIRONMENT if variable not in text] == []


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[watch]\npoll_seconds = 30\n[web]\nport = 5001", POLL_SECONDS="5")

    assert (config.watch.poll_seconds, config.web.port) == (5.0, 5001)


@pytest.mark.parametrize(
    ("toml", "environ", "words"),
    [
        ("[web]\nprot = 1", {}, r"web\.prot: unknown key in .*given\.toml"),
        ("[wbe]\nport = 1", {}, r"wbe: unknown section in .*given\.toml"),
        ("port = 1", {}, r"port: unknown key in .*given\.toml"),
        ("[web]\nport = '1x'", {}, r"web\.port in .*given\.toml: must be a whole number"),
        ("[web]\nport = 1.5", {}, r"web\.port in .*given\.toml: must be a whole number"),
        ("[web]\nport = true", {}, r"web\.port in .*given\.toml: must be a whole number"),
        ("[web]\nopen_registration = 'perhaps'", {}, r"web\.open_registration .* true or false"),
        ("[web]\nenvironment = 'staging'", {}, r"web\.environment .* development, production"),
        ("[vault]\nkeys = [1]", {}, r"vault\.keys .* list of texts"),
        ("[database]\nurl = 5", {}, r"database\.url .* must be a text"),
        ("[web", {}, r"given\.toml is not valid TOML"),
        ("", {"PORT": "x"}, r"web\.port in environment variable PORT"),
        ("", {"PROXIES": "-1"}, r"web\.proxies \(PROXIES\): must be from 0 to 10"),
        ("", {"PROXIES": "one"}, r"web\.proxies .*: must be a whole number"),
        ("", {"WEB_CONCURRENCY": "many"}, r"web\.processes in environment variable WEB_CONCURRENCY"),
        ("", {"WEB_CONCURRENCY": "-1"}, r"web\.processes \(WEB_CONCURRENCY\): must be at least 1"),
        (
            "",
            {"REDIS_TLS_VERIFY": "/no/such/file"},
            r"redis\.tls_verify \(REDIS_TLS_VERIFY\): must be on, off",
        ),
        ("", {"POLL_SECONDS": "0"}, r"watch\.poll_seconds: must be more than 0"),
        ("[notion]\nlargest_answer_mb = 0", {}, r"notion\.largest_answer_mb: must be more than 0"),
        ("", {"ENCRYPTION_KEYS": "short"}, r"vault\.keys .* Fernet"),
        ("", {"NOTION_CLIENT_ID": "x"}, r"notion\.client_secret: missing"),
        ("", {"HILAL_ENVIRONMENT": "production"}, r"web\.secret_key .* required in production"),
    ],
)
def test_a_mistake_stops_the_start_with_the_key_and_its_place(
    tmp_path: Path, toml: str, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        loaded(tmp_path, toml, **environ)


def test_production_asks_for_keys_and_https(tmp_path: Path) -> None:
    given = {"HILAL_ENVIRONMENT": "production", "SECRET_KEY": "x" * 32}
    with pytest.raises(ConfigError, match="ENCRYPTION_KEYS"):
        loaded(tmp_path, **given)

    given["ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
    with pytest.raises(ConfigError, match="PUBLIC_URL"):
        loaded(tmp_path, **given)

    assert loaded(tmp_path, **given, PUBLIC_URL="https://hilal.example").production


def test_missing_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first, second = loaded(tmp_path), loaded(tmp_path)

    assert first.web.secret_key == second.web.secret_key != ""
    assert first.vault.keys == second.vault.keys != ()
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o077 == 0


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HILAL_CONFIG"):
        load({"HILAL_CONFIG": str(tmp_path / "nowhere.toml")})


def test_the_redirect_uri_stands_on_the_public_address(tmp_path: Path) -> None:
    assert loaded(tmp_path, PORT="5003").redirect_uri == "http://127.0.0.1:5003/notion/callback"
    assert (
        loaded(tmp_path, PUBLIC_URL="https://a.example/").redirect_uri == "https://a.example/notion/callback"
    )


def test_without_credentials_the_practice_workspace_of_this_machine_is_used(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    practice = {"api_url": "http://127.0.0.1:5001", "client_id": "practice", "client_secret": "s"}
    practice["webhook_token"] = "secret_practice"
    (instance / "practice.json").write_text(json.dumps(practice))

    assert loaded(tmp_path).notion.api_url == "http://127.0.0.1:5001"
    assert loaded(tmp_path).notion.webhook_token == "secret_practice"
    own = loaded(tmp_path, NOTION_WEBHOOK_TOKEN="secret_mine")
    assert own.notion.webhook_token == "secret_mine"
    real = loaded(tmp_path, NOTION_CLIENT_ID="mine", NOTION_CLIENT_SECRET="x")
    assert (real.notion.api_url, real.notion.client_id) == ("https://api.notion.com", "mine")
    other = loaded(tmp_path, NOTION_API_URL="http://127.0.0.1:9")
    assert (real.notion.webhook_token, other.notion.webhook_token) == ("", "")
    assert other.notion.client_id == ""
