"""What carriers push over HTTP."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stoa.domains.orders.shipping.pushing import take_push
from stoa.kit.errors import NotFound, Refusal

KUAIDI100 = "/carriers/kuaidi100/{shop}/{method}"
MOST_BYTES = 300_000  # a parcel's whole timeline is some 20 kB


async def hear_kuaidi100(request: Request) -> Response:
    """POST /carriers/kuaidi100/<shop>/<method>: where a parcel is. Answered in their form, or they push again."""
    try:
        shop_id, method_id = UUID(request.path_params["shop"]), UUID(request.path_params["method"])
        if int(request.headers.get("content-length", MOST_BYTES + 1)) > MOST_BYTES:
            return _answer("413", "too long", 413)
        form = dict(parse_qsl((await request.body()).decode(), max_num_fields=10))
        await take_push(shop_id, method_id, form.get("param", ""), form.get("sign", ""))
    except (ValueError, ClientDisconnect):
        return _answer("400", "not understood", 400)
    except Refusal as refusal:
        status = 404 if isinstance(refusal, NotFound) else 400
        return _answer(str(status), refusal.message, status)
    return _answer("200", "成功", 200)


def _answer(code: str, message: str, status: int) -> Response:
    return JSONResponse({"result": status == 200, "returnCode": code, "message": message}, status)
