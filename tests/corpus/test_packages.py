"""Lists of packages, their archives, and the sample of holes that is cut from them."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from sfm2.corpus import packages
from sfm2.corpus.package_holes import FileForm, sample
from sfm2.models.digest import sha256_of

CODE = "def {name}(value, other):\n    total = value + other\n    print('the {name} is', total)\n    return total\n\n\n"
FORMS = {"python": FileForm((".py",), r"#[^\n]*"), "docker": FileForm(("Dockerfile",), r"#[^\n]*")}


def archive(path: Path, names: dict[str, str]) -> packages.Package:
    """A tar archive with a top folder, and the line of a list that names it."""
    with tarfile.open(path, "w:gz") as packed:
        for name, text in names.items():
            member = tarfile.TarInfo(f"top-1.0/{name}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("top-1.0/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
    return packages.Package("local", path.name, "1.0", sha256_of(path), ("python,docker:images", "MIT"))


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose archives are had from the registry `local`."""

    def client(package: packages.Package, work: Path) -> Path:
        return tmp_path / package.name

    monkeypatch.setitem(packages.CLIENTS, "local", client)
    return tmp_path


def test_a_list_is_read_without_its_comments(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"# packages\nnpm @scope/name 1.2.3 {'a' * 64} css,html:dist MIT\n", encoding="utf-8")
    [package] = packages.read(listed)
    assert (package.name, package.version, package.folder) == ("@scope/name", "1.2.3", "scope-name")
    assert package.rest == ("css,html:dist", "MIT")
    listed.write_text("npm name 1.2.3\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected REGISTRY PACKAGE VERSION SHA256"):
        list(packages.read(listed))


def test_the_sets_of_real_files_share_no_package_and_have_every_language() -> None:
    folder = Path(__file__).parents[2] / "benchmarks"
    languages = tomllib.loads((folder / "realfiles.toml").read_text(encoding="utf-8"))["languages"]
    sets = [list(packages.read(folder / f"realfiles.{name}.txt")) for name in ("tune", "report")]
    assert not {one.name for one in sets[0]} & {one.name for one in sets[1]}
    for listed in sets:
        assert {word.partition(":")[0] for one in listed for word in one.rest[0].split(",")} == set(languages)
        assert all(one.registry in packages.CLIENTS and len(one.sha256) == 64 for one in listed)


def test_an_archive_is_unpacked_without_its_top_folder_and_links(local: Path) -> None:
    package = archive(local / "one.tar.gz", {"src/a.py": "a = 1\n", "tests/test_a.py": "b = 2\n"})
    packages.fetch(package, local / "out")
    found = sorted(str(path.relative_to(local / "out")) for path in (local / "out").rglob("*") if path.is_file())
    assert found == ["src/a.py", "tests/test_a.py"]
    packages.remove_tests(local / "out")
    assert not (local / "out/tests").exists()


def test_a_wheel_is_unpacked_as_it_is(local: Path) -> None:
    with zipfile.ZipFile(local / "one-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("one/__init__.py", "")
    digest = sha256_of(local / "one-1.0-py3-none-any.whl")
    packages.fetch(packages.Package("local", "one-1.0-py3-none-any.whl", "1.0", digest, ()), local / "out")
    assert (local / "out/one/__init__.py").is_file()


def test_another_archive_than_the_list_names_is_refused_and_leaves_nothing(local: Path) -> None:
    package = archive(local / "one.tar.gz", {"a.py": "a = 1\n"})._replace(sha256="0" * 64)
    with pytest.raises(ValueError, match="not the archive that the list names"):
        packages.fetch(package, local / "out")
    assert not (local / "out").exists()


def test_a_sample_is_balanced_repeatable_and_uses_each_file_before_any_again(local: Path) -> None:
    files = {f"src/file{number}.py": CODE.format(name=f"sum{number}") * 3 for number in range(6)}
    files["src/copy.py"] = files["src/file0.py"]
    files["images/Dockerfile"] = "FROM alpine:3.20\n" + "RUN apk add curl bash\nCOPY . /app\nWORKDIR /app\n\n" * 5
    files["Dockerfile"] = files["images/Dockerfile"]  # not in the folder that the list names
    package = archive(local / "one.tar.gz", files)
    packages.fetch(package, local / package.folder)
    found = sample([package], local, FORMS, each=6)
    python = [hole for hole in found if hole.language == "python"]
    assert [hole.kind for hole in python] == ["rest", "line", "inside", "block", "rest", "line"]  # there are no items
    assert sorted(Counter(hole.path for hole in python).values()) == [1, 1, 1, 1, 1, 1]  # and no copy is used
    assert {hole.path for hole in found if hole.language == "docker"} == {"Dockerfile"}
    assert found == sample([package], local, FORMS, each=6)
    assert [hole.language for hole in found[:4]] == ["python", "docker", "python", "docker"]
    for hole in found:
        whole = (local / package.folder / ("images" if hole.language == "docker" else "") / hole.path).read_text()
        assert hole.prefix + hole.expected + hole.suffix == whole
