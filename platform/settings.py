"""Settings: every knob of Stoa, read once from the environment (STOA_*)."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError


class BadSettings(ValueError):
    """The environment lacks a setting, or holds one that cannot be; the sentence names each variable."""


class Settings(BaseSettings):
    """Frozen: a process reads its settings at start and keeps them."""

    # what is wrong is told without what was given: that may be a password
    model_config = SettingsConfigDict(env_prefix="STOA_", frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: SecretStr = Field(
        description="PostgreSQL >= 15, as the owner of the database: it migrates and provisions."
    )
    redis_url: SecretStr = Field(
        description="Valkey or Redis: arq's queues and live updates; may be emptied at any time."
    )
    secret_key: SecretStr = Field(
        min_length=32, description="Signs upload links and derives the passwords of database logins."
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where browsers reach this API; its origin may sign in."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Further origins whose pages may call with a session cookie."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="Addresses or networks of proxies in front: only theirs X-Forwarded-For and -Proto are believed.",
    )
    files: str = Field(
        ".stoa/files", description="What keeps uploads: a folder, or the URL of an object store (s3://...)."
    )
    environment: Literal["development", "test", "production"] = "development"
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    shop_pool: int = Field(8, ge=1, description="Connections of one process that serve shops.")
    shops_per_connection: int = Field(
        150, ge=1, description="A connection is replaced after so many shops: what it learned of each takes memory."
    )
    statements_per_connection: int = Field(1000, ge=1, description="Prepared statements a connection keeps.")
    spare_shops: int = Field(
        3, ge=0, le=100, description="Shops made ahead by the workers, so that a sign-up need not wait for its tables."
    )
    platform_pool: int = Field(4, ge=1, description="Connections of one process that serve sign-in and the like.")
    slow_query_ms: int = Field(200, ge=1, description="Statements slower than this are logged.")
    request_seconds: float = Field(10.0, gt=0, description="A request that takes longer is cancelled.")
    points_per_second: float = Field(
        500.0, gt=0, description="Cost points a credential of a shop wins back each second."
    )
    points_capacity: float = Field(10_000.0, gt=0, description="Cost points a rested credential may spend at once.")

    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="The mail server: smtp://user:password@host:587, or smtps://. None: mail goes into the letterbox.",
    )
    mail_from: str = Field("Stoa <stoa@localhost>", description="Whom all mail is from: a name, and <an address>.")
    letterbox: str = Field(
        ".stoa/letterbox", description="The folder of what would have been sent, where nobody outside is to be reached."
    )
    sms_url: str = Field(
        "", description="The gateway of text messages: POST of JSON. None: they go into the letterbox."
    )
    sms_token: SecretStr = Field(SecretStr(""), description="What the gateway of text messages is told (Bearer).")
    wechat_url: str = Field(
        "", description="WeCom's robots, without their key: https://qyapi.weixin.qq.com/cgi-bin/webhook/send."
    )
    qq_url: str = Field("", description="A QQ bot that speaks OneBot 11 over HTTP.")
    qq_token: SecretStr = Field(SecretStr(""), description="What the QQ bot is told (Bearer).")
    webhook_messages: Literal["", "call", "keep"] = Field(
        "", description="Whether notifications by webhook are sent, or kept in the letterbox; by environment if empty."
    )

    callable_networks: tuple[str, ...] = Field(
        (),
        description="Networks that are not public and may be called all the same: receivers of webhooks in your house.",
    )
    call_plain_http: bool = Field(
        False, description="Whether webhooks may go over plain http: for development, never where secrets travel."
    )

    kuaidi100_url: str = Field(
        "https://poll.kuaidi100.com",
        description="Where Kuaidi100 tells where parcels are, for shops that have its keys; a public address.",
    )
    kuaidi100_label_url: str = Field(
        "https://api.kuaidi100.com", description="Where Kuaidi100 gives parcels their numbers."
    )

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises `BadSettings`."""
    try:
        return Settings()  # type: ignore[call-arg]  # pydantic-settings fills the fields from the environment
    except SettingsError as error:
        raise BadSettings(f'{error}; lists are written as JSON: ["https://shop.example"]') from None
    except ValidationError as error:
        wrong = "".join(f"\n  {_variable(each['loc'])}: {each['msg']}" for each in error.errors())
        raise BadSettings(f"The environment does not hold the settings that are needed:{wrong}") from None


def _variable(place: tuple[int | str, ...]) -> str:
    name = str(place[0])
    meaning = Settings.model_fields[name].description
    return f"STOA_{name.upper()} ({meaning})" if meaning else f"STOA_{name.upper()}"
