from __future__ import annotations

import pytest

from sfm2.syntax import languages


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/b.py", "python"), ("x.TSX", "typescript"), ("main.go", "go"), ("a.h", "c"), ("notes", None), ("a.xyz", None)],
)
def test_a_file_name_tells_the_language(path: str, language: str | None) -> None:
    assert languages.of_path(path) == language


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("def complex_algorithm():", "python"),
        ("class BinaryTree:", "python"),
        ("import pandas as pd", "python"),
        ("from os import path\n", "python"),
        ("function add(a, b) {", "javascript"),
        ("const x = 1", "javascript"),
        ("interface Point {\n  x: number", "typescript"),
        ("package main\n\nfunc main() {", "go"),
        ("fn main() {", "rust"),
        ("#include <iostream>\n", "cpp"),
        ("#include <stdio.h>\n", "c"),
        ("public class Main {", "java"),
        ("#!/bin/bash\n", "bash"),
        ("<?php\n", "php"),
        ("hello world", None),
    ],
)
def test_code_looks_like_its_language(code: str, language: str | None) -> None:
    assert languages.guess(code) == language
