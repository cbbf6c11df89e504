"""What a request becomes: which file the model is told that it writes."""

from __future__ import annotations

import pytest

from sfm2.config import Settings
from sfm2.core.resolve import resolve_completion, resolve_explanation
from sfm2.server.protocols.openai.fim_prompt import parse_fim_prompt
from sfm2.types import CompleteRequest, ExplainRequest, GenerateRequest


@pytest.mark.parametrize(
    ("request_", "path", "named"),
    [
        (GenerateRequest(prompt="def fibonacci(n)\n", language="ruby"), "main.rb", True),
        (GenerateRequest(prompt="def f(n):\n    return", language="python"), None, False),  # the code tells
        (GenerateRequest(prompt="def fibonacci(n)\n"), "main.rb", True),  # Ruby, by its missing colon
        (GenerateRequest(prompt="def is_prime(n: int) -> bool:"), None, False),
        (CompleteRequest(prefix="", path="cmd/main.go"), "cmd/main.go", True),  # an empty file
        (CompleteRequest(prefix="\n", language="bash"), "main.sh", True),
        (CompleteRequest(prefix="x = 1\n", path="a.py"), "a.py", False),
        (CompleteRequest(prefix=""), None, False),
    ],
)
def test_the_file_is_named_where_the_code_does_not_tell_its_language(
    request_: GenerateRequest | CompleteRequest, path: str | None, named: bool
) -> None:
    resolved = resolve_completion(request_, Settings()).request
    assert (resolved.path, resolved.name_file) == (path, named)


@pytest.mark.parametrize(
    ("before", "prefix", "suffix", "language", "is_guess"),
    [
        ("", "import Foundation\n\nfunc total(_ xs: [Int]) -> Int {\n    ", "\n}\n", "swift", True),
        ("", "// Path: src/a.kt\nimport java.util.UUID\n\nfun find(): User? {\n    ", "\n}\n", "kotlin", False),
        ("<|repo_name|>shop\n<|file_sep|>src/a.zig\n", "pub fn f() void {\n    ", "\n}\n", "zig", False),
        (
            "",
            "package shop\n\nobject Cart {\n  def total(xs: List[Item]): Double = {\n    ",
            "\n  }\n}\n",
            "scala",
            True,
        ),
    ],
)
def test_a_foreign_prompts_language_is_the_one_it_names_or_parses_as(
    before: str, prefix: str, suffix: str, language: str, is_guess: bool
) -> None:
    hole = parse_fim_prompt(f"{before}<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>")
    assert hole is not None
    request = CompleteRequest(prefix=hole.prefix, suffix=hole.suffix, path=hole.path)
    resolved = resolve_completion(request, Settings()).request
    assert (resolved.language, resolved.language_is_guess) == (language, is_guess)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ('const std = @import("std");\n\npub fn sum(xs: []const i32) i32 {\n    return xs[0];\n}\n', "zig"),
        ('def deploy(String env) {\n    sh "./deploy.sh ${env}"\n}\n', "groovy"),
        ("FROM python:3.12\nRUN pip install demo\n", None),
        ("cpdef long fib(int n):\n    cdef long a = 0\n    return a\n", None),
    ],
)
def test_an_explanation_names_no_language_that_the_code_does_not_parse_as(code: str, language: str | None) -> None:
    assert resolve_explanation(ExplainRequest(code=code), Settings()).request.language == language
