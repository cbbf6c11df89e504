"""Which adapter answers: the request's, else the key's, else the one in use. A live server on tiny weights."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.keys import keys as keys_command
from sfm2.config import Loaded, Settings, load
from sfm2.errors import AdapterError
from sfm2.models.adapters import WEIGHTS, AdapterStore
from sfm2.models.digest import sha256_of
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.sse import Decoder
from sfm2.testing import until
from tests.conftest import clean_environment
from tests.engines import tiny, tiny_adapter
from tests.server.live import live

QUESTION = {"prompt": "def return(", "max_length": 24, "temperature": 0, "mode": "free", "guard": False}
ELSEWHERE = "f" * 64  # SHA-256 of weights that are not ours


@dataclass
class Service:
    """A server that runs, and the folder of its keys and adapters."""

    client: httpx.Client
    settings: Settings
    weights: str

    @property
    def adapters(self) -> AdapterStore:
        return AdapterStore(self.settings.storage.data_dir)

    def asks(self, key: str = "", path: str = "/generate", **fields: Any) -> httpx.Response:
        headers = {"X-API-Key": key} if key else {}
        return self.client.post(path, json={**QUESTION, **fields}, headers=headers)

    def answer(self, key: str = "", **fields: Any) -> dict[str, Any]:
        response = self.asks(key, **fields)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def until_ready(self) -> None:
        until(
            lambda: self.client.get("/health/ready").status_code == httpx.codes.OK,
            60,
            lambda: f"a ready server; {self.client.get('/health').text}",
        )

    def command(self, *arguments: str) -> None:
        """`sfm2 adapters ...`, in its own process, as it is typed while the server runs."""
        variables = {
            "SFM2_MODELS_SFM2_PATH": str(self.settings.models.sfm2.path),
            "SFM2_STORAGE_CACHE_DIR": str(self.settings.storage.cache_dir),
        }
        environment = clean_environment(self.settings.storage.data_dir, variables)
        subprocess.run([sys.executable, "-m", "sfm2", "adapters", *arguments], env=environment, check=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """It has the adapters one, two, and strange, which is for other weights; none is in use."""
    home = tmp_path_factory.mktemp("service")
    gguf = tiny.write(home / "tiny.gguf")
    (home / "data").mkdir()
    given = {
        "fallback.chain": ["sfm2"],
        "models.sfm2.path": gguf,
        "models.sfm2.context": 512,
        "models.sfm2.max_adapters": 3,
        "storage.cache_dir": home / "cache",
        "storage.data_dir": home / "data",
    }
    settings = load(given, environment={}).settings
    store = AdapterStore(home / "data")
    store.add(tiny_adapter.write(home / "one", gguf, 1))
    store.add(tiny_adapter.write(home / "two", gguf, 2))
    store.add(tiny_adapter.write(home / "strange", ELSEWHERE, 3, name="elsewhere"))
    with live(create_app(settings)) as client:
        service = Service(client, settings, sha256_of(gguf))
        service.until_ready()
        yield service


@pytest.fixture
def keys(service: Service) -> Iterator[Keys]:
    """Leaves no key behind: the server requires one only if there is one."""
    store = Store.in_folder(service.settings.storage.data_dir)
    yield Keys(store)
    with store.transaction() as connection:
        connection.execute("DELETE FROM keys")
    store.close()


@pytest.fixture
def unchosen(service: Service) -> Iterator[None]:
    yield
    service.adapters.use("none")


# The request's own.


@pytest.mark.slow
def test_a_request_names_its_adapter_and_the_answer_names_it(service: Service) -> None:
    base, one, two = (service.answer(adapter=name) for name in ("none", "one", "two"))
    assert len({answer["completion"] for answer in (base, one, two)}) == 3
    assert (base["adapter"], base["weights"]) == (None, service.weights)
    for name, answer in (("one", one), ("two", two)):
        assert answer["adapter"] == name
        assert answer["weights"] == f"{service.weights}+{service.adapters.find(name).digest}"
    assert service.answer()["completion"] == base["completion"], "none is in use"


@pytest.mark.slow
def test_streams_batches_and_holes_have_adapters_too(service: Service) -> None:
    one = service.answer(adapter="one")
    *_, last = Decoder().feed(service.asks(path="/generate/stream", adapter="one").content)
    done = json.loads(last.data)
    assert (done["completion"], done["adapter"]) == (one["completion"], "one")

    question = {name: value for name, value in QUESTION.items() if name != "prompt"}
    body = {**question, "prompts": [QUESTION["prompt"]] * 2, "adapter": "one"}
    batch = service.client.post("/generate/batch", json=body).json()["results"]
    assert [(answer["completion"], answer["adapter"]) for answer in batch] == [(one["completion"], "one")] * 2

    hole = {**question, "prefix": QUESTION["prompt"], "adapter": "two"}
    assert service.client.post("/complete", json=hole).json()["adapter"] == "two"


@pytest.mark.slow
def test_one_for_other_weights_is_refused_with_both_digests(service: Service) -> None:
    response = service.asks(adapter="strange")
    problem = response.json()
    assert (response.status_code, problem["error"]) == (422, "adapter_error")
    assert ELSEWHERE[:12] in problem["message"]
    assert service.weights[:12] in problem["message"]
    assert "elsewhere" in problem["suggestion"]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/generate", "/generate/stream"])
def test_an_unknown_one_is_refused_with_the_known_names(service: Service, path: str) -> None:
    response = service.asks(path=path, adapter="four")
    problem = response.json()
    assert (response.status_code, problem["error"]) == (422, "adapter_error")
    assert "there are one, sfm2-0.5b, strange, two" in problem["message"]


@pytest.mark.slow
def test_a_damaged_one_is_refused_however_often_and_others_are_answered(service: Service, tmp_path: Path) -> None:
    before = service.answer(adapter="one")["completion"]
    gguf = service.settings.models.sfm2.path
    assert gguf is not None
    torn = service.adapters.add(tiny_adapter.write(tmp_path / "torn", gguf, 4))
    (torn.folder / WEIGHTS).write_bytes(torn.path.read_bytes()[:5000])
    for _ in range(service.settings.fallback.failures + 1):
        response = service.asks(adapter="torn")
        assert (response.status_code, response.json()["error"]) == (422, "adapter_error")
        assert "damaged" in response.json()["message"]
    assert service.answer(adapter="one")["completion"] == before
    service.adapters.remove("torn")


# The one in use.


@pytest.mark.slow
@pytest.mark.usefixtures("unchosen")
def test_using_one_changes_the_answers_without_a_restart(service: Service) -> None:
    base, one, two = (service.answer(adapter=name)["completion"] for name in ("none", "one", "two"))
    service.command("use", "one")
    answer = service.answer()
    assert (answer["completion"], answer["adapter"]) == (one, "one")
    assert answer["weights"] == f"{service.weights}+{service.adapters.find('one').digest}"
    assert service.answer(adapter="two")["completion"] == two
    assert service.answer(adapter="none")["completion"] == base
    service.command("use", "two")
    assert service.answer()["completion"] == two
    service.command("off")
    answer = service.answer()
    assert (answer["completion"], answer["adapter"], answer["weights"]) == (base, None, service.weights)


@pytest.mark.slow
@pytest.mark.usefixtures("unchosen")
def test_one_for_holes_answers_where_something_follows_or_who_names_it(service: Service) -> None:
    service.command("add", str(service.adapters.find("one").folder), "--name", "holes", "--holes-only")
    service.command("use", "holes")
    assert service.answer(suffix=")")["adapter"] == "holes"
    assert service.answer(adapter="holes")["adapter"] == "holes"
    assert service.answer()["adapter"] is None
    assert service.answer(suffix="\n  \n")["adapter"] is None
    service.command("rm", "holes")


@pytest.mark.slow
@pytest.mark.usefixtures("unchosen")
def test_one_that_was_replaced_answers_anew(service: Service, tmp_path: Path) -> None:
    gguf = service.settings.models.sfm2.path
    assert gguf is not None
    service.command("add", str(tiny_adapter.write(tmp_path / "mine", gguf, 1)))
    service.command("use", "mine")
    first = service.answer()
    assert first["completion"] == service.answer(adapter="one")["completion"]
    service.command("add", str(tiny_adapter.write(tmp_path / "mine", gguf, 2)))
    second = service.answer()
    assert second["completion"] == service.answer(adapter="two")["completion"]
    assert first["weights"] != second["weights"]
    service.command("rm", "mine")
    assert service.answer()["adapter"] is None


# The key's.


@pytest.mark.slow
@pytest.mark.usefixtures("unchosen")
def test_each_key_has_its_adapter(service: Service, keys: Keys) -> None:
    (_, plain), (_, ones), (_, twos), (_, bare) = (
        keys.create(str(name), adapter=name) for name in (None, "one", "two", "none")
    )
    service.adapters.use("two")
    answered = {key: service.answer(key)["adapter"] for key in (plain, ones, twos, bare)}
    assert answered == {plain: "two", ones: "one", twos: "two", bare: None}


@pytest.mark.slow
def test_the_requests_own_wins_over_the_keys(service: Service, keys: Keys) -> None:
    _, ones = keys.create("laptop", adapter="one")
    assert service.answer(ones)["adapter"] == "one"
    assert service.answer(ones, adapter="two")["adapter"] == "two"
    assert service.answer(ones, adapter="none")["adapter"] is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/generate", {"prompt": "x"}),
        ("/generate/stream", {"prompt": "x"}),
        ("/generate/batch", {"prompts": ["x"]}),
        ("/complete", {"prefix": "x"}),
        ("/complete/stream", {"prefix": "x"}),
    ],
)
def test_the_keys_adapter_holds_for_every_way_to_ask(
    service: Service, keys: Keys, path: str, question: dict[str, Any]
) -> None:
    _, ones = keys.create("laptop", adapter="one")
    headers = {"X-API-Key": ones}
    response = service.client.post(path, json={**question, "max_length": 8, "guard": False}, headers=headers)
    assert response.status_code == 200
    assert '"adapter":"one"' in response.text


@pytest.mark.slow
def test_a_key_whose_adapter_is_gone_gets_an_error(service: Service, keys: Keys) -> None:
    _, key = keys.create("laptop", adapter="gone")
    response = service.asks(key)
    assert (response.status_code, response.json()["error"]) == (422, "adapter_error")
    assert service.answer(key, adapter="none")["adapter"] is None


# Keys, without a server.


def test_the_command_makes_a_key_with_an_adapter(tmp_path: Path) -> None:
    settings = load({"storage.data_dir": tmp_path}, environment={}).settings
    loaded = Loaded(settings, {}, [])
    AdapterStore(tmp_path).add(tiny_adapter.write(tmp_path / "one", ELSEWHERE, 1))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(keys_command, arguments, obj=loaded, catch_exceptions=False).stdout.strip()

    keys = Keys(Store.in_folder(tmp_path))
    assert keys.check(run("create", "--adapter", "one")).adapter == "one"
    assert keys.check(run("create", "--adapter", "none")).adapter == "none"
    assert keys.check(run("create")).adapter is None
    assert [line.split()[5] for line in run("list").splitlines()[1:]] == ["one", "none", "-"]
    with pytest.raises(AdapterError, match="no adapter 'two'"):
        run("create", "--adapter", "two")
