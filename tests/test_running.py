"""`make run` as a newcomer meets it: one process for all of it, its demo shops, and what is left when it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stoa.kit.embedded import running
from tests.journeys.conftest import STOA, free_port
from tests.kit.embedded.callers import is_alive, until

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
READY = "Ctrl-C ends it"
PATIENCE = 120  # seconds after which a start that hangs is ended
SIGN_IN = """
mutation ($input: SessionStartInput!) {
  sessionStart(input: $input) { csrfToken userErrors { message } } }
"""
SHELF = "mutation ($input: CategoryCreateInput!) { categoryCreate(input: $input) { userErrors { message } } }"


@dataclass
class House:
    """`stoa up` in a folder, on a port; may be ended and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    @property
    def pids(self) -> list[int]:
        """Of everything that runs: itself and what watches over the engines, and these."""
        assert self.process is not None
        record = running.read(self.folder / "state" / "engines")
        assert record is not None
        return [self.process.pid, *record.servers.values()]

    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Returns once it has said that it is up."""
        with (self.folder / "said").open("wb") as out:
            self.process = subprocess.Popen(up(self.folder, self.port), env=untold(), stdout=out, stderr=out)
        deadline = time.monotonic() + PATIENCE
        while READY not in self.said:
            assert self.is_up(), self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> int:
        """Its exit code, once nothing of it runs any more."""
        assert self.process is not None
        pids = self.pids
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        until(lambda: not any(is_alive(pid) for pid in pids))
        return code


def up(folder: Path, port: int) -> list[str]:
    return [*STOA, "up", "--port", str(port), "--folder", str(folder / "state")]


def untold() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STOA_")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), free_port())
    yield house
    if house.is_up():
        house.end(signal.SIGKILL)


@pytest.fixture
def house(built: House) -> House:
    """It is up."""
    if not built.is_up():
        built.start()
    return built


class Person:
    """Somebody who has signed in with an e-mail and a password, in a browser."""

    def __init__(self, house: House, email: str, password: str) -> None:
        self.address, self.headers = f"{house.address}/graphql", {"Origin": house.address}
        answer = self._post(SIGN_IN, {"input": {"email": email, "password": password}})
        started = answer.json()["data"]["sessionStart"]
        assert started["userErrors"] == []
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.headers |= {"Cookie": cookie, "Stoa-Csrf": started["csrfToken"]}

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self._post(query, variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def _post(self, query: str, variables: dict[str, Any]) -> httpx.Response:
        payload = {"query": query, "variables": variables}
        return httpx.post(self.address, json=payload, headers=self.headers, timeout=30)


def sign_ins(house: House) -> list[tuple[str, str, str]]:
    """E-mail, password and shop of each, as they were printed."""
    return re.findall(r"^ {4}(\S+@\S+) +(\S+) +(.+)$", house.said, re.MULTILINE)


def test_it_says_where_it_is_and_who_may_sign_in_and_both_are_true(house: House) -> None:
    for address in (house.address, f"{house.address}/graphiql"):
        assert re.search(rf"{address}$", house.said, re.MULTILINE)
        assert httpx.get(address).status_code == 200
    assert httpx.get(f"{house.address}/readyz").json() == {"postgres": "ok", "valkey": "ok"}

    shops = {}
    for email, password, shop in sign_ins(house):
        data = Person(house, email, password).ask("{ shop { name currency } products(first: 50) { nodes { title } } }")
        assert data["shop"]["name"] == shop
        shops[shop] = (data["shop"]["currency"], {each["title"] for each in data["products"]["nodes"]})
    (tea, teas), (gifts, presents) = shops["山茶舍"], shops["Lantern & Ribbon"]
    assert (tea, gifts, len(teas), len(presents)) == ("CNY", "GBP", 6, 7)
    assert teas.isdisjoint(presents)


def test_the_readmes_first_query_gives_the_readmes_answer(house: House) -> None:
    [(query, answer)] = re.findall(r"```graphql\n(.*?)```\s+```json\n(.*?)```", README, re.DOTALL)
    [grace] = [(email, password) for email, password, _ in sign_ins(house) if email.startswith("grace")]

    assert {"data": Person(house, *grace).ask(query)} == json.loads(answer)


def test_the_demo_shops_have_pictures_that_can_be_seen(house: House) -> None:
    for email, password, _ in sign_ins(house):
        person = Person(house, email, password)
        for each in made_images(person):
            assert each["failure"] is None
            picture = httpx.get(each["url"])
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
            assert picture.content.startswith(b"RIFF")


def made_images(person: Person) -> list[dict[str, Any]]:
    """The first picture of each product, once the workers of the same process have made their sizes."""
    query = "{ products(first: 50) { nodes { firstImage { url processedAt failure { code } } } } }"
    for _ in range(600):
        images = [each["firstImage"] for each in person.ask(query)["products"]["nodes"]]
        if all(each["processedAt"] for each in images):
            return images
        time.sleep(0.1)
    raise AssertionError("the pictures of the demo were not made")


def test_a_second_one_beside_it_is_told_what_is_in_its_way(house: House) -> None:
    taken, other = house.port, free_port()
    same_port = subprocess.run(up(house.folder / "elsewhere", taken), env=untold(), capture_output=True, text=True)
    same_folder = subprocess.run(up(house.folder, other), env=untold(), capture_output=True, text=True)

    assert (same_port.returncode, same_port.stdout) == (1, "")
    assert same_port.stderr == (
        f"stoa: Port {taken} is in use. Is Stoa running already? Otherwise choose another: make run PORT=8001\n"
    )
    assert not (house.folder / "elsewhere").exists()
    assert (same_folder.returncode, same_folder.stdout) == (1, "")
    assert re.fullmatch(
        rf"stoa: The engines of {house.folder}/state/engines already run for process {house.pids[0]}\. "
        r"Stop that process first, or choose another folder\.\n",
        same_folder.stderr,
    )
    assert httpx.get(f"{house.address}/readyz").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_however_it_ends_nothing_runs_on_and_everything_is_there_the_next_time(
    house: House, number: signal.Signals
) -> None:
    [(email, password, _), *_] = sign_ins(house)
    person = Person(house, email, password)
    assert person.ask(SHELF, input={"name": number.name})["categoryCreate"]["userErrors"] == []
    before, said = person.ask("{ categories(first: 50) { nodes { id name } } }"), house.said

    code = house.end(number)
    with pytest.raises(httpx.ConnectError):
        httpx.get(house.address)
    house.start()

    assert house.said == said
    assert Person(house, email, password).ask("{ categories(first: 50) { nodes { id name } } }") == before
    assert person.ask("{ me { account { email } } }") == {"me": {"account": {"email": email}}}
    if number is signal.SIGINT:
        assert code == 0
