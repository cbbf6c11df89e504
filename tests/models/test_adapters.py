"""The adapters of a machine: adding, replacing, removing, choosing, and what happens with damaged ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.errors import AdapterError
from sfm2.models import adapters
from sfm2.models.adapters import CONFIG, MANIFEST, NONE, WEIGHTS, AdapterStore
from tests.engines import tiny_adapter

MINE, OTHER = "a" * 64, "b" * 64  # SHA-256 of two weights

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "_shipped", lambda: tmp_path / "nothing")


@pytest.fixture
def store(tmp_path: Path) -> AdapterStore:
    return AdapterStore(tmp_path / "data")


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """`made("one", base=..., seed=...)`: a folder like those of `sfm2 finetune run`."""

    def make(name: str = "one", base: str = MINE, seed: int = 1) -> Path:
        return tiny_adapter.write(tmp_path / "made" / name, base, seed)

    return make


@pytest.fixture
def shipped(tmp_path: Path, nothing_shipped: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships the adapter `ours` for MINE."""
    folder = tmp_path / "package"
    tiny_adapter.write(folder / "ours", MINE, seed=9)
    monkeypatch.setattr(adapters, "_shipped", lambda: folder)
    return folder


def added(tmp_path: Path, name: str) -> Path:
    return tmp_path / "data" / "adapters" / name


# Adding and removing.


def test_there_are_none_at_first(store: AdapterStore, tmp_path: Path) -> None:
    assert store.list() == []
    assert store.in_use(MINE) is None
    assert not (tmp_path / "data").exists()


def test_an_added_one_is_a_copy(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    source = made("one")
    adapter = store.add(source)
    assert (adapter.name, adapter.base, adapter.base_name) == ("one", MINE, "tiny")
    assert (adapter.rank, adapter.scale) == (tiny_adapter.RANK, tiny_adapter.ALPHA / tiny_adapter.RANK)
    assert adapter.path.read_bytes() == (source / WEIGHTS).read_bytes()
    assert adapter.path == added(tmp_path, "one") / WEIGHTS
    assert sorted(file.name for file in adapter.folder.iterdir()) == sorted((WEIGHTS, CONFIG, MANIFEST))
    assert store.list() == [adapter]


def test_adding_under_a_known_name_replaces(store: AdapterStore, made: Make) -> None:
    first = store.add(made("one", seed=1))
    before = first.digest
    second = store.add(made("other", seed=2), "one")
    assert second.digest != before
    assert [one.name for one in store.list()] == ["one"]
    assert store.list()[0].digest == second.digest, "the replaced adapter is read again"


def test_half_the_strength_is_another_adapter(store: AdapterStore, made: Make) -> None:
    whole, half = store.add(made("one")), store.add(made("one"), "half", strength=0.5)
    assert half.scale == whole.scale / 2
    assert half.digest != whole.digest, "confidence is fitted to what answers, not to a file"


def test_another_process_sees_what_was_added(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    running = AdapterStore(tmp_path / "data")
    assert running.list() == []
    store.add(made("one"))
    assert [one.name for one in running.list()] == ["one"]
    digest = running.find("one").digest
    store.add(made("two", seed=2), "one")
    assert running.find("one").digest != digest


def test_a_removed_one_is_gone_and_no_longer_in_use(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    store.add(made("one"))
    store.use("one")
    store.remove("one")
    assert store.list() == []
    assert store.in_use(MINE) is None
    store.add(made("one"))
    assert store.in_use(MINE) is None, "the choice went with it"
    store.remove("one")
    with pytest.raises(AdapterError, match="no adapter 'one'"):
        store.remove("one")


def test_a_damaged_one_can_be_removed(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    store.add(made("one"))
    (added(tmp_path, "one") / MANIFEST).unlink()
    store.remove("one")
    assert not added(tmp_path, "one").exists()


@pytest.mark.parametrize(
    ("folder", "name"),
    [("one", "one"), ("My Adapter (2)", "my-adapter-2"), ("v1.2_x", "v1.2_x"), ("-dashes-", "dashes")],
)
def test_the_name_is_the_folders(store: AdapterStore, made: Make, folder: str, name: str) -> None:
    assert store.add(made(folder)).name == name


@pytest.mark.parametrize("name", ["none", "", "Upper", "a/b", "../x", ".hidden", "-x", "a b", "x" * 65, "é"])
def test_a_name_that_cannot_be_one(store: AdapterStore, made: Make, tmp_path: Path, name: str) -> None:
    source = made("...") if name == "" else made("one")
    with pytest.raises(AdapterError, match="can't be an adapter's name"):
        store.add(source, name)
    assert not (tmp_path / "data").exists()


def test_any_name_that_is_allowed_works(store: AdapterStore, made: Make) -> None:
    for name in ("in_use", "in_use.new", "a.partial", "x" * 64):
        store.add(made("one"), name)
        store.use(name)
        chosen = store.in_use(MINE)
        assert chosen is not None
        assert chosen.name == name


def test_an_unknown_name_tells_the_known_ones(store: AdapterStore, made: Make) -> None:
    with pytest.raises(AdapterError, match="there are none"):
        store.find("two")
    store.add(made("one"))
    with pytest.raises(AdapterError, match="there are one") as caught:
        store.find("two")
    assert "sfm2 adapters add" in caught.value.suggestion


# Damage.


@pytest.mark.parametrize("missing", [WEIGHTS, CONFIG, MANIFEST])
def test_a_folder_without_a_file_is_not_added(store: AdapterStore, made: Make, missing: str) -> None:
    folder = made("one")
    (folder / missing).unlink()
    with pytest.raises(AdapterError, match=f"there is no {missing}"):
        store.add(folder)
    assert store.list() == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (CONFIG, b"{"),
        (CONFIG, b"\xff\xfe"),
        (CONFIG, b"[]"),
        (CONFIG, b'{"r": 0, "lora_alpha": 8}'),
        (CONFIG, b'{"r": "four", "lora_alpha": 8}'),
        (CONFIG, b'{"r": 4}'),
        (MANIFEST, b"{}"),
        (MANIFEST, b'{"base": "x"}'),
        (WEIGHTS, b""),
        (WEIGHTS, b"{}"),
        (WEIGHTS, b"not a tensor in sight"),
        (WEIGHTS, (2).to_bytes(8, "little") + b"{}"),
        (WEIGHTS, (4).to_bytes(8, "little") + b"[[]]"),
        (WEIGHTS, b"\xff" * 100),
    ],
)
def test_a_damaged_one_is_refused_and_hinders_no_other(
    store: AdapterStore, made: Make, tmp_path: Path, file: str, content: bytes
) -> None:
    store.add(made("sound"))
    store.add(made("torn", seed=2))
    store.use("sound")
    (made("source") / file).write_bytes(content)
    with pytest.raises(AdapterError):
        store.add(tmp_path / "made" / "source")

    torn = added(tmp_path, "torn")
    (torn / file).write_bytes(content)
    fresh = AdapterStore(tmp_path / "data")
    with pytest.raises(AdapterError, match="torn"):
        fresh.find("torn")
    assert [one.name for one in fresh.list()] == ["sound"]
    assert fresh.in_use(MINE) == fresh.find("sound")


def test_weights_that_were_cut_off_are_told_with_both_sizes(made: Make) -> None:
    folder = made("one")
    whole = (folder / WEIGHTS).read_bytes()
    for cut in (len(whole) // 2, len(whole) - 1):
        (folder / WEIGHTS).write_bytes(whole[:cut])
        with pytest.raises(AdapterError, match=f"has {cut:,} bytes, its header says {len(whole):,}"):
            adapters.read_adapter(folder, "one")


def test_a_chosen_one_that_was_damaged_leaves_the_model_to_itself(
    store: AdapterStore, made: Make, tmp_path: Path
) -> None:
    store.add(made("one"))
    store.use("one")
    path = added(tmp_path, "one") / WEIGHTS
    path.write_bytes(path.read_bytes()[:1000])
    assert store.in_use(MINE) is None


def test_a_chosen_one_that_was_damaged_is_logged_once_with_the_reason(
    store: AdapterStore, made: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.add(made("one"))
    store.add(made("unused"))
    store.use("one")
    for name in ("one", "unused"):
        (added(tmp_path, name) / MANIFEST).unlink()
    for _ in range(3):
        store.in_use(MINE)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("the adapter one is damaged and is not used: ")
    assert MANIFEST in record.getMessage()


# The one in use.


def test_using_and_none(store: AdapterStore, made: Make) -> None:
    one, two = store.add(made("one")), store.add(made("two", seed=2))
    assert store.in_use(MINE) is None
    store.use("one")
    assert store.in_use(MINE) == one
    store.use("two")
    assert store.in_use(MINE) == two
    store.use(NONE)
    assert store.in_use(MINE) is None


def test_other_weights_answer_without_it(store: AdapterStore, made: Make) -> None:
    store.add(made("one"))
    store.use("one")
    assert store.in_use(OTHER) is None
    with pytest.raises(AdapterError) as caught:
        store.find("one").check_base(OTHER, "big")
    assert MINE[:12] in caught.value.message
    assert OTHER[:12] in caught.value.message
    assert "tiny" in caught.value.suggestion


def test_the_one_that_came_with_the_package_is_in_use_until_another_is(
    store: AdapterStore, made: Make, shipped: Path
) -> None:
    ours = store.find("ours")
    assert ours.shipped
    assert store.in_use(MINE) == ours
    assert store.in_use(OTHER) is None
    one, strange = store.add(made("one")), store.add(made("strange", base=OTHER))
    store.use("one")
    assert store.in_use(MINE) == one
    store.use("strange")
    assert store.in_use(OTHER) == strange
    assert store.in_use(MINE) == ours, "what was chosen is for other weights"
    store.use(NONE)
    assert store.in_use(MINE) is None
    with pytest.raises(AdapterError, match="came with SFM-2"):
        store.remove("ours")


def test_an_added_one_stands_before_one_of_the_package(store: AdapterStore, made: Make, shipped: Path) -> None:
    mine = store.add(made("one", seed=3), "ours")
    assert store.find("ours") == mine
    assert not mine.shipped
    store.remove("ours")
    assert store.find("ours").shipped


def test_folders_that_are_no_adapters_are_passed_over(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    store.add(made("one"))
    for name in (".one.partial", "Backup of one", "empty"):
        added(tmp_path, name).mkdir()
    added(tmp_path, "notes.txt").write_text("a file")
    assert [one.name for one in store.list()] == ["one"]


def test_a_changed_configuration_is_read_again(store: AdapterStore, made: Make, tmp_path: Path) -> None:
    assert store.add(made("one")).scale == 2
    (added(tmp_path, "one") / CONFIG).write_text(json.dumps({"r": 4, "lora_alpha": 4}))
    assert store.find("one").scale == 1


def test_the_state_tells_of_every_change(store: AdapterStore, made: Make, shipped: Path, tmp_path: Path) -> None:
    seen = [store.state()]
    assert store.state() == seen[0]
    store.add(made("one"), "one")
    seen.append(store.state())
    store.use("one")
    seen.append(store.state())
    store.add(made("two", seed=2), "one")
    seen.append(store.state())
    store.use(NONE)
    seen.append(store.state())
    store.remove("one")
    seen.append(store.state())
    assert len(set(seen)) == len(seen)
