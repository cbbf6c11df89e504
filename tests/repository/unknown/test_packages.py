"""Packages that no manifest names."""

from __future__ import annotations

import pytest

from tests.repository.unknown.conftest import Judges

PYTHON = {
    "pyproject.toml": '[project]\ndependencies = ["PyYAML>=6", "pillow", "python-dateutil", "scikit-learn"]\n',
    "requirements/dev.txt": "pytest-asyncio\n",
    "uv.lock": '[[package]]\nname = "werkzeug"\n',
    "shop/__init__.py": "import attr\n",
    "helpers/tool.py": "",
    ".venv/lib/python3.13/site-packages/installed/__init__.py": "",
    ".gitignore": ".venv/\n",
}
NODE = {
    "package.json": '{"name": "shop", "dependencies": {"react": "^19", "@types/estree": "1"}, "workspaces": ["packages/*"]}',
    "packages/model/package.json": '{"name": "@shop/model"}',
    "package-lock.json": '{"packages": {"node_modules/scheduler": {}}}',
    "node_modules/installed/index.js": "",
    "src/components/button.ts": "import x from 'virtual-thing/sub';\n",
    "tsconfig.json": '{"compilerOptions": {"paths": {"elsewhere/*": ["src/*"]}}}',
}
GO = {
    "go.mod": "module example.org/shop\n\nrequire (\n\tgithub.com/one/two/v2 v2.0.0 // indirect\n)\n",
    "model/model.go": "package model\n",
    "other.go": 'package shop\n\nimport "github.com/vendored/thing"\n',
}


@pytest.mark.parametrize(
    ("files", "path", "text", "unknown"),
    [
        (PYTHON, "shop/new.py", "⟦import fasttotals⟧\n", ["fasttotals"]),
        (PYTHON, "shop/new.py", "⟦from fasttotals.core import total⟧\n", ["fasttotals"]),
        (NODE, "src/new.ts", "⟦import { total } from 'fast-totals/core';⟧\n", ["fast-totals"]),
        (NODE, "src/new.ts", "⟦import { total } from '@fast/totals';⟧\n", ["@fast/totals"]),
        (NODE, "src/new.js", "⟦const totals = require('fast-totals');⟧\n", ["fast-totals"]),
        (GO, "new.go", 'package shop\n\nimport (\n\t"fmt"\n\t⟦"github.com/one/three"⟧\n)\n', ["github.com/one/three"]),
        (GO, "new.go", 'package shop\n\n⟦import m "example.org/shop/modle"⟧\n', ["example.org/shop/modle"]),
    ],
)
def test_a_package_that_nothing_names_is_found(
    judged: Judges, files: dict[str, str], path: str, text: str, unknown: list[str]
) -> None:
    assert judged(files, path, text) == unknown


@pytest.mark.parametrize(
    ("files", "path", "text"),
    [
        (PYTHON, "shop/new.py", "⟦import yaml, PIL, dateutil, sklearn, attr, werkzeug, pytest_asyncio⟧\n"),
        (PYTHON, "shop/new.py", "⟦import os, shop, helpers, tool, installed, _typeshed⟧\n"),
        (PYTHON, "shop/new.py", "try:\n    ⟦import fasttotals⟧\nexcept ImportError:\n    pass\n"),
        (PYTHON, "run.py", "# /// script\n# dependencies = ['fasttotals']\n# ///\n⟦import fasttotals⟧\n"),
        ({"main.py": ""}, "new.py", "⟦import fasttotals⟧\n"),  # no manifest
        ({"docs/requirements.txt": "sphinx\n"}, "new.py", "⟦import fasttotals⟧\n"),  # nor near it
        (NODE, "src/new.ts", "⟦import React from 'react';\nimport { jsx } from 'react/jsx-runtime';⟧\n"),
        (NODE, "src/new.ts", "⟦import { x } from '@shop/model';\nimport type { y } from 'estree';⟧\n"),
        (
            NODE,
            "src/new.ts",
            "⟦import a from 'scheduler';\nimport b from 'installed';\nimport c from 'virtual-thing';⟧\n",
        ),
        (
            NODE,
            "src/new.ts",
            "⟦import a from 'fs/promises';\nimport b from 'node:sqlite';\nimport c from '@/button';⟧\n",
        ),
        (NODE, "src/new.ts", "⟦import a from 'components/button';\nimport b from 'elsewhere/button';⟧\n"),
        (
            NODE,
            "src/new.ts",
            "⟦import a from '~/button';\nimport b from '#imports';\nimport c from 'https://a.example/b.js';⟧\n",
        ),
        ({}, "src/new.ts", "⟦import a from 'fast-totals';⟧\n"),
        (GO, "new.go", 'package shop\n\n⟦import "github.com/one/two/v2/sub"⟧\n'),
        (
            GO,
            "new.go",
            'package shop\n\nimport (\n⟦\t"fmt"\n\t"example.org/shop/model"\n\t"github.com/vendored/thing"⟧\n)\n',
        ),
        ({}, "new.go", 'package shop\n\n⟦import "github.com/one/three"⟧\n'),
    ],
)
def test_a_package_that_may_be_there_is_no_matter(judged: Judges, files: dict[str, str], path: str, text: str) -> None:
    assert judged(files, path, text) == []
