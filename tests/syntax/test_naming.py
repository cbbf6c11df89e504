"""The languages that texts name themselves."""

from __future__ import annotations

import pytest

from sfm2.syntax.naming import named_in


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#!/bin/sh\n", "bash"),
        ("#!/usr/bin/env python3\n", "python"),
        ("#!/usr/bin/python3.11 -u\n", "python"),
        ("#!/usr/bin/env -S node --harmony\n", "javascript"),
        ("#! /usr/bin/ruby -w\n", "ruby"),
        ("#!/usr/bin/env PYTHONPATH=. python\n", "python"),
        ("#!/usr/bin/env fnord\n", None),
        ("#!", None),
        ("#![allow(unused)]\nfn main() {}\n", None),
        ("\n#!/bin/sh\n", None),
    ],
)
def test_an_interpreter_is_named(text: str, language: str | None) -> None:
    assert named_in(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("/* -*- C++ -*- */\n", "cpp"),
        ("// -*- mode: typescript; indent-tabs-mode: nil -*-\n", "typescript"),
        ("# -*- coding: utf-8 -*-\n", None),
        ("# vim: set ft=ruby :\n", "ruby"),
        ("x = 1\n# vim: ts=4 filetype=python\n", "python"),
        ("x = 1\ny = 2\nz = 3\n# vim: ft=python\n", None),
    ],
)
def test_an_editors_mode_is_named(text: str, language: str | None) -> None:
    assert named_in(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("// Path: src/a.kt\nimport java.util.UUID\n", "kotlin"),
        ("// src/a.kt\nfun f() {\n", "kotlin"),
        ("# lib/cart.rb\ndef f\n", "ruby"),
        ("-- Path: a.lua\n", "lua"),
        ("/* style.css */\n", "css"),
        ("// Path: src\\shop\\Cart.java\n", "java"),
        ("// Path: b.ts\n// export const x = 1;\n// src/a.kt\n\nclass A\n", "kotlin"),  # b.ts is another file
        ("// see a.kt\nclass A\n", None),
        ("# a.kt\n", None),  # no comment in Kotlin
        ("val x = 1\n// a.kt\n", None),  # not above the code
        ("// a.fnord\n", None),
        ("# README.md\n\nRun `pip install .`\n", None),
    ],
)
def test_a_comment_names_the_file(text: str, language: str | None) -> None:
    assert named_in(text) == language
