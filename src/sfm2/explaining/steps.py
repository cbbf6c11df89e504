"""What code does, statement by statement, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sfm2.explaining.outline import Node, Role
from sfm2.explaining.words import phrase, reading
from sfm2.explaining.written import short

MOST_STEPS = 24
"""Lines; longer code is described by its facts alone."""
_INDENT = "  "
_LEAVING = {"break": "leaves the loop"} | dict.fromkeys(("continue", "next"), "goes on with the next round")
_FORMS = {
    "+=": "adds {1} to {0}",
    "-=": "subtracts {1} from {0}",
    "*=": "multiplies {0} by {1}",
    "/=": "divides {0} by {1}",
}


def steps(body: Sequence[Node]) -> list[str]:
    """A line for each statement, indented by two spaces for each level; empty when that gets long."""
    found: list[str] = []
    for line in _lines(body):
        found.append(line)
        if len(found) > MOST_STEPS:
            return []
    return found


def _lines(body: Iterable[Node]) -> Iterator[str]:
    for node in body:
        yield from _statement(node)


def _statement(node: Node) -> Iterator[str]:
    match node.role:
        case Role.IF:
            yield from _branches(node)
        case Role.EACH:
            target, over = node.part("target"), node.part("over")
            yield f"for each {_code(target)} of {_code(over)}:"
            yield from _inside(node.all("body"))
        case Role.WHILE:
            yield from _loop(node)
        case Role.SWITCH:
            yield from _switch(node)
        case Role.ATTEMPT:
            yield from _attempt(node)
        case Role.WITH:
            yield f"with {', '.join(map(_item, node.all('items')))}:"
            yield from _inside(node.all("body"))
        case Role.FUNCTION | Role.CLASS:
            yield f"defines {_code(node)}:"
            yield from _inside(node.all("body"))
        case _:
            yield from _simple(node)


def _simple(node: Node) -> Iterator[str]:
    value = node.part("value")
    match node.role:
        case Role.RETURN | Role.YIELD if value and value.role is Role.FUNCTION:
            yield f"{_verb(node)} a function {_code(value)} that, when it is called:"
            yield from _inside(value.all("body"))
        case Role.RETURN if value and value.role is Role.SWITCH:
            yield from _statement(value)
        case Role.RETURN | Role.YIELD if value and value.role is Role.CHOICE and value.part("yes"):
            yield from _statement(_chosen(node, value))
        case Role.RETURN | Role.YIELD | Role.RAISE:
            yield f"{_verb(node)} {reading(value)}" if value else f"{_verb(node)}{_nothing(node)}"
        case Role.ASSIGN:
            yield from _assignment(node)
        case Role.CLAUSE:
            yield f"{node.word} {_code(node)}" if node.code else node.word
        case Role.CALL:
            yield from _call(node)
        case Role.NOTHING | Role.GLOBAL | Role.TEXT | Role.NUMBER:
            return
        case _:
            yield _LEAVING.get(node.code.split(" ")[0], f"does `{short(node.code)}`")


def _call(node: Node) -> Iterator[str]:
    """A function of several statements that is handed over, such as a callback, has its own steps."""
    *_, last = (None, *node.all("arguments"))
    before = node.code.split(last.code)[0] if last and last.role is Role.FUNCTION else ""
    if last and before and any(one.role not in (Role.RETURN, Role.CALL) for one in last.all("body")):
        yield f"calls `{short(before + '…')}` with a function {_code(last)} that, when it is called:"
        yield from _inside(last.all("body"))
    else:
        yield f"{'runs' if node.word == 'run' else 'calls'} `{short(node.code)}`"


def _chosen(node: Node, choice: Node) -> Node:
    """What is returned by a choice, as two branches."""

    def branch(part: str) -> tuple[Node, ...]:
        return tuple(replace(node, parts={"value": (one,)}) for one in choice.all(part))

    return replace(
        choice,
        role=Role.IF,
        parts={"condition": choice.all("condition"), "body": branch("yes"), "otherwise": branch("no")},
    )


def _verb(node: Node) -> str:
    return {Role.RETURN: "returns", Role.YIELD: "yields", Role.RAISE: "raises"}[node.role]


def _nothing(node: Node) -> str:
    return {Role.RETURN: " (ends here)", Role.RAISE: " the same error again"}.get(node.role, "")


def _assignment(node: Node) -> Iterator[str]:
    target, value = node.all("target"), node.part("value")
    names = " and ".join(map(_code, target))
    if node.word == "del":
        yield f"deletes {names}"
    elif value is None:
        return
    elif value.role is Role.FUNCTION:
        yield f"sets {names} to a function {_code(value)} that, when it is called:"
        yield from _inside(value.all("body"))
    else:
        yield _changed(node.word, names, value)


def _changed(operator: str, names: str, value: Node) -> str:
    if operator == "=":
        return f"sets {names} to {reading(value)}"
    if operator in _FORMS and value.role is not Role.TEXT:
        return _FORMS[operator].format(names, phrase(value))
    code = f"({value.code})" if value.role is Role.OPERATION else value.code
    return f"sets {names} to `{names.strip('`')} {operator.removesuffix('=')} {code}`"


def _branches(node: Node) -> Iterator[str]:
    yield from _lines(node.all("before"))
    word = "if"
    while True:
        condition, otherwise = node.part("condition"), node.all("otherwise")
        yield f"{word} {phrase(condition) if condition else ''}:"
        yield from _inside(node.all("body"))
        if kept := _kept(node):
            yield _INDENT + kept
        if len(otherwise) != 1 or otherwise[0].role is not Role.IF or otherwise[0].all("before"):
            break
        word, node = "otherwise, if", otherwise[0]
    if otherwise:
        yield "otherwise:"
        yield from _inside(otherwise)


def _kept(node: Node) -> str | None:
    """What `if a < b: b = a` comes to."""
    condition, body = node.part("condition"), node.all("body")
    if condition is None or condition.word not in ("<", "<=", ">", ">=") or len(body) != 1:
        return None
    codes = [one.code for one in condition.all("operands")]
    target, value = body[0].part("target"), body[0].part("value")
    if body[0].role is not Role.ASSIGN or body[0].word != "=" or target is None or value is None:
        return None
    if {target.code, value.code} != set(codes) or len(set(codes)) != 2:
        return None
    smaller = (target.code == codes[1]) == condition.word.startswith("<")
    return f"so {_code(target)} is the {'smaller' if smaller else 'larger'} of the two"


def _loop(node: Node) -> Iterator[str]:
    yield from _lines(node.all("before"))
    condition = node.part("condition")
    if node.word == "do":
        yield "repeats:"
        yield from _inside(node.all("body"))
        yield f"as long as {phrase(condition) if condition else 'true'}"
        return
    yield f"as long as {phrase(condition)}:" if condition else "repeats until it is left:"
    yield from _inside((*node.all("body"), *node.all("after")))


def _switch(node: Node) -> Iterator[str]:
    subject = node.part("subject")
    yield f"depending on {_code(subject)}:"
    for case in node.all("cases"):
        if case.role is not Role.CASE:
            yield from _inside([case])
            continue
        value, condition = case.part("value"), case.part("condition")
        is_default = value is None or value.code in ("_", "default", "*")
        head = "otherwise" if is_default else f"for {_code(value)}"
        yield _INDENT + head + (f" if {phrase(condition)}" if condition else "") + ":"
        body = [one for one in case.all("body") if one.code != "break"]
        yield from (_INDENT + line for line in _inside(_values(body)))


def _values(body: Sequence[Node]) -> Sequence[Node]:
    """What a case of a switch gives that is a value."""
    if len(body) == 1 and body[0].role in (Role.NUMBER, Role.TEXT, Role.NAME, Role.OPERATION, Role.MEMBER):
        return [Node(Role.RETURN, body[0].code, parts={"value": (body[0],)})]
    return body


def _attempt(node: Node) -> Iterator[str]:
    if handlers := node.all("handlers"):
        yield "tries:"
        yield from _inside(node.all("body"))
        for handler in handlers:
            kind = handler.part("type")
            yield f"on {_code(kind)}:" if kind else "on any error:"
            yield from _inside(handler.all("body"))
    else:
        yield from _lines(node.all("body"))
    if last := node.all("finally"):
        yield "in any case at the end:"
        yield from _inside(last)


def _item(node: Node) -> str:
    target, value = node.part("target"), node.part("value")
    return f"{_code(value or node)} as {_code(target)}" if target else _code(value or node)


def _inside(body: Iterable[Node]) -> Iterator[str]:
    found = [*_lines(body)] or ["does nothing"]
    yield from (_INDENT + line for line in found)


def _code(node: Node | None) -> str:
    return f"`{short(node.code)}`" if node else ""
