"""What a package lacks, and what it holds besides, is named. tests/test_packaging.py builds real ones."""

from __future__ import annotations

from release.contents import npm_faults, sdist_faults, vsix_faults, wheel_faults

TREE = ["src/sfm2/__init__.py", "src/sfm2/models/catalogue.toml", "README.md", "tests/conftest.py"]
INFO = [
    f"sfm2-1.2.3.dist-info/{name}"
    for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "licenses/NOTICE")
]
WHEEL = ["sfm2/__init__.py", "sfm2/models/catalogue.toml", *INFO]
MANIFEST = {"main": "./dist/cjs/index.js", "module": "./dist/esm/index.js", "types": "./dist/cjs/index.d.ts"}
NPM = [
    *("package/LICENSE", "package/README.md", "package/package.json"),
    *(f"package/dist/{form}/{name}" for form in ("esm", "cjs") for name in ("package.json", "index.js", "index.d.ts")),
]
VSIX = [
    *("[Content_Types].xml", "extension.vsixmanifest", "extension/LICENSE.txt", "extension/readme.md"),
    *("extension/package.json", "extension/icon.png", "extension/dist/extension.js", "extension/walkthrough/first.md"),
]


def test_a_wheel_is_the_package_and_its_metadata() -> None:
    assert wheel_faults(WHEEL, TREE, "1.2.3") == []


def test_data_that_a_wheel_lacks_is_named() -> None:
    assert wheel_faults([name for name in WHEEL if "catalogue" not in name], TREE, "1.2.3") == [
        "wheel: lacks sfm2/models/catalogue.toml"
    ]


def test_what_a_wheel_has_besides_is_named() -> None:
    assert wheel_faults([*WHEEL, "tests/conftest.py", WHEEL[0]], TREE, "1.2.3") == [
        "wheel: has tests/conftest.py besides",
        "wheel: has sfm2/__init__.py twice",
    ]


def test_a_wheel_of_another_version_is_not_this_one() -> None:
    assert "wheel: lacks sfm2-1.2.4.dist-info/METADATA" in wheel_faults(WHEEL, TREE, "1.2.4")


def test_an_sdist_holds_what_a_build_needs() -> None:
    names = [f"sfm2-1.2.3/{name}" for name in (*TREE[:3], "PKG-INFO", ".gitignore")]
    assert sdist_faults(names, TREE, "1.2.3") == []
    assert sdist_faults([*names, "sfm2-1.2.3/page/node_modules/x/README.md"], TREE, "1.2.3") == [
        "sdist: has sfm2-1.2.3/page/node_modules/x/README.md besides"
    ]


def test_an_npm_package_holds_each_module_twice_with_types() -> None:
    assert npm_faults(NPM, MANIFEST, ["index"]) == []
    assert npm_faults(NPM, MANIFEST, ["index", "errors"]) == [
        f"npm package: lacks package/dist/{form}/errors{end}" for form in ("cjs", "esm") for end in (".d.ts", ".js")
    ]


def test_an_entry_point_must_be_there() -> None:
    assert npm_faults(NPM, {**MANIFEST, "types": "./dist/index.d.ts"}, ["index"]) == [
        "npm package: no entry point dist/index.d.ts"
    ]


def test_a_vsix_is_one_bundle() -> None:
    steps = [{"media": {"markdown": "walkthrough/first.md"}}]
    manifest = {
        "main": "./dist/extension.js",
        "icon": "icon.png",
        "contributes": {"walkthroughs": [{"steps": steps}]},
    }
    assert vsix_faults(VSIX, manifest) == []
    assert vsix_faults([*VSIX, "extension/src/extension.ts"], manifest) == [
        "vsix: has extension/src/extension.ts besides"
    ]
