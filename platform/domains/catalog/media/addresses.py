"""Where the sizes of an uploaded picture are: names that follow from its file and that nobody else can work out."""

from __future__ import annotations

import hashlib
import hmac

from stoa.kit.ids import type_id
from stoa.kit.pictures.limits import SIZES
from stoa.settings import settings
from stoa.tenants.context import Context
from stoa.tenants.uploading import shop_files

LARGEST = next(iter(SIZES))
EXTENSION = ".webp"


def media_key(ctx: Context, file_key: str, size: str) -> str:
    """The key of the file; the same at every attempt, so that none leaves files behind that nobody knows."""
    return shop_files(ctx.shop).key("media", _name(file_key, size))


def media_path(ctx: Context, file_key: str, size: str = LARGEST) -> str:
    """The path of its address, below the API's own. Known from the start, there once the picture has been made."""
    return f"/media/{type_id('shop', ctx.shop.id)}/{_name(file_key, size)}{EXTENSION}"


def _name(file_key: str, size: str) -> str:
    secret = settings().secret_key.get_secret_value().encode()
    return hmac.new(secret, f"picture {file_key} {size}".encode(), hashlib.sha256).hexdigest()[:32]
