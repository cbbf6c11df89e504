"""Expressions and statements in words, where they can be read off exactly; what can't stays code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from sfm2.explaining.outline import Node, Role
from sfm2.explaining.written import short


class Depth(IntEnum):
    """How much is in a phrase: one is put into another only where nobody can bracket it in another way."""

    PLAIN = 0  # `x`
    OF = 1  # the square of `x`
    SEVERAL = 2  # the sum of `x` and `y`
    CLAUSE = 3  # `x` is greater than `y`


class Phrase(NamedTuple):
    """Words for an expression."""

    text: str
    depth: Depth


_POWERS = {"2": "square", "3": "cube", "0.5": "square root", "1/2": "square root"}
_BINARY = {"/": "{} divided by {}", "//": "{} divided by {}, rounded down", "-": "{} minus {}"}
_COMPARISONS = {
    "==": "equals",
    "!=": "differs from",
    "<": "is less than",
    "<=": "is at most",
    ">": "is greater than",
    ">=": "is at least",
    "in": "is in",
    "not in": "is not in",
    "is": "is",
    "is not": "is not",
}
_NOTHING = ("None", "null", "nil", "nullptr", "NULL", "undefined", "True", "False", "true", "false")
_OF_ONE = {"len": "the length of {}", "abs": "the absolute value of {}", "sum": "the sum of {}", "str": "{} as text"}
_OF_ONE |= {"int": "{} as an integer", "float": "{} as a number", "sorted": "the sorted items of {}"}
_OF_MANY = {"max": ("larger", "largest"), "min": ("smaller", "smallest")}


def phrase(node: Node) -> str:
    """An expression in words, or its code."""
    found = in_words(node)
    return found.text if found else _code(node)


def reading(node: Node) -> str:
    """The code of an expression, with its words behind it where they say more."""
    found = in_words(node)
    code = _code(node)
    is_same = found is None or found.depth is Depth.PLAIN or found.text.replace("`", "") == node.code
    return code if found is None or is_same else f"{code}, that is {found.text}"


def in_words(node: Node) -> Phrase | None:
    """None where no words are exact."""
    match node.role:
        case Role.NUMBER:
            return Phrase(node.code, Depth.PLAIN)
        case Role.NAME | Role.MEMBER | Role.ITEM | Role.TEXT:
            return Phrase(_code(node), Depth.PLAIN)
        case Role.OPERATION:
            return _operation(node.word, node.all("operands"))
        case Role.CALL:
            return _call(node)
        case Role.COMPREHENSION:
            return _comprehension(node)
    return None


def _operation(operator: str, operands: Sequence[Node]) -> Phrase | None:
    if len(operands) == 1:
        inner = in_words(operands[0])
        plain = inner is not None and inner.depth is Depth.PLAIN
        return Phrase(f"not {inner.text}", Depth.CLAUSE) if operator == "not" and inner and plain else None
    if operator in ("and", "or"):
        return _logic(operator, operands)
    if len(operands) != 2:
        return None
    left, right = operands
    if operator in _COMPARISONS:
        return _comparison(operator, left, right)
    return _arithmetic(operator, left, right)


def _arithmetic(operator: str, left: Node, right: Node) -> Phrase | None:
    if Role.TEXT in (left.role, right.role):
        return None  # `+` and `%` of texts are something else
    if operator == "**" and right.code in _POWERS:
        return _of(f"the {_POWERS[right.code]} of {{}}", left)
    if operator == "*" and left.code == right.code and left.role in (Role.NAME, Role.MEMBER, Role.ITEM):
        return _of("the square of {}", left)
    if operator in ("+", "*"):
        kind = "sum" if operator == "+" else "product"
        return _several(f"the {kind} of {{}}", list(_flat(operator, (left, right))))
    a, b = in_words(left), in_words(right)
    if a is None or b is None or b.depth > Depth.OF or a.depth > Depth.SEVERAL:
        return None
    if operator == "%" and a.depth <= Depth.OF:
        return Phrase(f"the remainder of {a.text} divided by {b.text}", Depth.SEVERAL)
    if operator in _BINARY and (a.depth <= Depth.OF or operator == "/"):
        first = a.text + "," if a.depth is Depth.SEVERAL else a.text
        return Phrase(_BINARY[operator].format(first, b.text), Depth.SEVERAL)
    return None


def _flat(operator: str, operands: Sequence[Node]) -> Iterator[Node]:
    for node in operands:
        if node.role is Role.OPERATION and node.word == operator and len(node.all("operands")) == 2:
            yield from _flat(operator, node.all("operands"))
        else:
            yield node


def _of(form: str, node: Node) -> Phrase | None:
    inner = in_words(node)
    if (
        inner is None
        or inner.depth > Depth.SEVERAL
        or (inner.depth is Depth.SEVERAL and not inner.text.startswith("the "))
    ):
        return None
    return Phrase(form.format(inner.text), Depth.OF if inner.depth <= Depth.OF else Depth.SEVERAL)


def _several(form: str, nodes: Sequence[Node]) -> Phrase | None:
    found = [in_words(node) for node in nodes]
    if any(node.role is Role.TEXT for node in nodes):
        return None
    known = [one.text for one in found if one is not None and one.depth <= Depth.OF]
    return Phrase(form.format(_listed(known)), Depth.SEVERAL) if len(known) == len(nodes) else None


def _comparison(operator: str, left: Node, right: Node) -> Phrase | None:
    if (parity := _divisible(operator, left, right)) is not None:
        return parity
    a, b = in_words(left), in_words(right)
    if a is None or b is None or max(a.depth, b.depth) > Depth.SEVERAL:
        return None
    verb = _COMPARISONS[operator]
    if right.code in _NOTHING and operator in ("==", "!="):
        verb = "is" if operator == "==" else "is not"
    if right.role is Role.NUMBER and operator == "==":
        verb = "is"
    return Phrase(f"{a.text} {verb} {b.text}", Depth.CLAUSE)


def _divisible(operator: str, left: Node, right: Node) -> Phrase | None:
    """`n % 2 == 0` and its like."""
    if left.role is not Role.OPERATION or left.word != "%" or len(left.all("operands")) != 2:
        return None
    divided, by = left.all("operands")
    inner = in_words(divided)
    if inner is None or inner.depth > Depth.OF or divided.role is Role.TEXT or by.role not in (Role.NUMBER, Role.NAME):
        return None
    if right.code == "0" and operator in ("==", "!="):
        if by.code == "2":
            return Phrase(f"{inner.text} is {'even' if operator == '==' else 'odd'}", Depth.CLAUSE)
        no = "" if operator == "==" else "not "
        return Phrase(f"{inner.text} is {no}divisible by {phrase(by)}", Depth.CLAUSE)
    if (by.code, right.code, operator) == ("2", "1", "=="):
        return Phrase(f"the remainder of {inner.text} divided by 2 is 1, as it is of odd numbers only", Depth.CLAUSE)
    return None


def _logic(operator: str, operands: Sequence[Node]) -> Phrase | None:
    nodes = list(_flat(operator, operands))
    found = [in_words(node) for node in nodes]
    if any(node.role is Role.OPERATION and node.word in ("and", "or") for node in nodes) or None in found:
        return None
    return Phrase(f" {operator} ".join(one.text for one in found if one), Depth.CLAUSE)


def _call(node: Node) -> Phrase | None:
    callee, arguments = node.part("callee"), node.all("arguments")
    plain = Phrase(_code(node), Depth.PLAIN)
    if callee is None or callee.role is not Role.NAME or node.word:
        return plain
    if len(arguments) == 1 and arguments[0].role is Role.COMPREHENSION and callee.word in ("any", "all", "sum"):
        return _over(callee.word, arguments[0]) or plain
    if len(arguments) == 1 and callee.word in _OF_ONE:
        return _of(_OF_ONE[callee.word], arguments[0]) or plain
    if callee.word in _OF_MANY and len(arguments) > 1 and "=" not in node.code:
        return _several(f"the {_OF_MANY[callee.word][len(arguments) > 2]} of {{}}", arguments) or plain
    return plain


def _over(function: str, node: Node) -> Phrase | None:
    """`any`, `all` and `sum` of what is made for each item."""
    value = node.part("value")
    found = in_words(value) if value else None
    each = _each(node)
    if found is None or each is None:
        return None
    if function == "sum":
        return Phrase(f"the sum of {found.text} for each {each}", Depth.SEVERAL)
    quantity = "at least one" if function == "any" else "every"
    clause = found.text if found.depth is Depth.CLAUSE else f"{found.text} is true"
    return Phrase(f"whether {clause} for {quantity} {each}", Depth.CLAUSE)


def _comprehension(node: Node) -> Phrase | None:
    value = node.part("value")
    found = in_words(value) if value else None
    each = _each(node)
    if found is None or each is None or node.word == "dict":
        return None
    kind = f"a {node.word} of" if node.word else "one by one,"
    return Phrase(f"{kind} {found.text} for each {each}", Depth.CLAUSE)


def _each(node: Node) -> str | None:
    target, over = node.part("target"), node.part("over")
    if target is None or over is None:
        return None
    where = [phrase(one) for one in node.all("conditions")]
    return f"{_code(target)} of {_code(over)}" + (f" where {' and '.join(where)}" if where else "")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


def _code(node: Node) -> str:
    return f"`{short(node.code)}`"
