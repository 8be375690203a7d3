"""A small Kuaidi100 on a local port: it checks what it is asked as the real one does, and answers in its form."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

CUSTOMER, KEY, SECRET = "CUSTOMER-1", "key-1", "secret-1"


def md5(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode()).hexdigest().upper()


class FakeKuaidi100:
    """`parcels`: number -> what a query of it answers. `raw`: answer this to everything instead."""

    def __init__(self) -> None:
        self.url = ""
        self.parcels: dict[str, dict[str, Any]] = {}
        self.labels: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.raw: tuple[int, bytes] | None = None

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        param = json.loads(form["param"])
        self.asked.append(param)
        if path == "/label/order":
            if form["sign"] != md5(form["param"], form["t"], form["key"], SECRET) or form["key"] != KEY:
                return {"code": 30002, "message": "验证签名失败", "data": None, "time": 3}
            if not all(
                param.get(who, {}).get(part) for who in ("recMan", "sendMan") for part in ("mobile", "printAddr")
            ):
                return {"code": 30001, "message": "收寄件人信息不完整", "data": None, "time": 3}
            number = self.labels.setdefault(param["orderId"], f"YT{len(self.labels) + 1:010d}")
            return {"code": 200, "message": "成功", "data": {"taskId": "T", "kuaidinum": number}, "time": 12}
        if form["sign"] != md5(form["param"], KEY, CUSTOMER) or form["customer"] != CUSTOMER:
            return {"result": False, "returnCode": "503", "message": "验证签名失败"}
        nothing = {"result": False, "returnCode": "500", "message": "查询无结果，请隔段时间再查"}
        return self.parcels.get(param["num"], nothing)


@asynccontextmanager
async def fake_kuaidi100() -> AsyncIterator[FakeKuaidi100]:
    fake = FakeKuaidi100()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length")
        )
        form = {name: values[0] for name, values in parse_qs((await reader.readexactly(length)).decode()).items()}
        status, body = fake.raw or (200, json.dumps(fake.answer(head.split(" ")[1], form)).encode())
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield fake
