"""Files of the repository and what they export, in JavaScript and TypeScript."""

from __future__ import annotations

import pytest

from tests.repository.unknown.conftest import Judges

SHOP = {
    "package.json": '{"name": "shop", "dependencies": {"react": "^19"}}',
    ".gitignore": "made/\n",
    "src/cart.ts": "export class Cart {}\nexport const RATE = 1, [first, { second }] = x;\nexport default Cart;\n"
    "export type Lines = string[];\nfunction hidden() {}\nexport { hidden as shown };\n",
    "src/cart.test.ts": "import { Cart } from './cart';\n",
    "src/plain.ts": "export async function total() {}\nexport enum Kind { A }\nexport declare const there: 1;\n",
    "src/all.ts": "export * from './plain';\nexport * as cart from './cart';\n",
    "src/outside.ts": "export * from 'react';\nexport const one = 1;\n",
    "src/common.cjs": "module.exports.total = 1;\n",
    "src/parts/index.ts": "export interface Part {}\n",
    "src/view.vue": "<template></template>",
    "src/data.json": "{}",
    "src/broken.ts": "export const = ;;;(\n",
    "src/uses.ts": "import { patched } from './plain';\nimport x from './virtual';\n",
}


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("⟦import { Cart } from './crat';⟧\n", ["./crat"]),
        ("import { Cart } from './c⟦rat';⟧\n", ["./crat"]),
        ("import { ⟦Basket⟧ } from './cart';\n", ["Basket"]),
        ("import { Cart, ⟦Basket as B⟧ } from './cart';\n", ["Basket"]),
        ("⟦import type { hidden } from './cart.js';⟧\n", ["hidden"]),
        ("⟦import total from './plain';⟧\n", ["total"]),
        ("⟦import { Basket, total } from './all';⟧\n", ["Basket"]),
        ("⟦import { Part, Parts } from './parts';⟧\n", ["Parts"]),
        ("⟦export { Basket } from './cart';⟧\n", ["Basket"]),
        ("⟦export * from './crat';⟧\n", ["./crat"]),
        ("⟦const x = await import('./crat');⟧\n", ["./crat"]),
        ("⟦const x = require('../src/crat');⟧\n", ["../src/crat"]),
    ],
)
def test_what_is_not_there_is_found(judged: Judges, text: str, unknown: list[str]) -> None:
    assert judged(SHOP, "src/new.ts", text) == unknown


@pytest.mark.parametrize(
    "text",
    [
        "⟦import Cart, { RATE, first, second, shown, type Lines } from './cart';⟧\n",
        "⟦import * as cart from './cart';⟧\n",
        "⟦import { Cart } from './cart.js';⟧\n",
        "⟦import { total, Kind, there, cart } from './all';⟧\n",
        "⟦import { useState } from './outside';⟧\n",
        "⟦import { total } from './common.cjs';⟧\n",
        "⟦import { Part } from './parts';\nimport { Part as Same } from './parts/index';⟧\n",
        "⟦import view from './view.vue';\nimport data from './data.json';⟧\n",
        "⟦import { anything } from './broken';⟧\n",
        "⟦import { anything } from './made/client';⟧\n",
        "⟦import { anything } from '../dist/client';⟧\n",
        "⟦import { patched } from './plain';\nimport x from './virtual';⟧\n",
        "⟦import icon from './icon.svg?raw';⟧\n",
        "⟦import { x } from '../../outside';⟧\n",
        "import { ⟦Cart⟧ } from './crat';\n",
        "⟦import { anything } from './new';⟧\n",
        "try {\n  ⟦require('./crat');⟧\n} catch {}\n",
        "const x = `⟦import { Basket } from './cart';⟧`;\n",
        "// ⟦import { Basket } from './cart';⟧\n",
    ],
)
def test_what_is_or_may_be_there_is_no_matter(judged: Judges, text: str) -> None:
    assert judged(SHOP, "src/new.ts", text) == []
