"""Find every sentence of the code that may come before a person: by its syntax tree, without running anything.

A sentence is the first argument of
- `Sentence(...)`, and of whatever refuses: the subclasses of `Refusal`, and `super().__init__(...)` in them;
- every function whose first parameter is called `sentence`, such as `_weak(sentence, **values)`;
- every parameter that is a class of refusals, such as ``refusal: type[Conflict]``;
and a word that goes into one is what stands behind ``what=``.

It stands there as a constant, as one of two (``a if x else b``), or under a name that the same file gives constants.
What may be computed instead are a parameter handed on (``sentence``, ``what``), the ``.text`` of a `Sentence` and the
entry of a table of them: these are found where they are made. All else is hidden, and the test complains of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PLATFORM = Path(__file__).parents[2] / "platform"
WORDS = ("what", "folded")
AT_THE_BOTTOM = {PLATFORM / "kit" / name for name in ("languages.py", "errors.py", "text.py")}  # they hand on


@dataclass(slots=True)
class Found:
    """`sentences`: where each stands. `hidden`: places where it cannot be seen what is said."""

    sentences: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)


def find_sentences(root: Path = PLATFORM) -> Found:
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(root.rglob("*.py"))}
    refusals, makers = _makers([node for tree in trees.values() for node in ast.walk(tree)])
    found = Found()
    for path, tree in trees.items():
        names = _named_constants(tree)
        for said in _said(tree, refusals, makers):
            where, texts = f"{path.relative_to(root.parent)}:{said.lineno}", _texts(said, names)
            if texts is None and path not in AT_THE_BOTTOM:
                found.hidden.append(f"{where}: {ast.unparse(said)}")
            for text in texts or ():
                found.sentences.setdefault(text, []).append(where)
    return found


def _makers(nodes: Sequence[ast.AST]) -> tuple[set[str], set[str]]:
    """The classes of refusals, and all names of what takes a sentence first."""
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    refusals = {"Refusal"}
    while more := {each.name for each in classes if refusals & {_name(base) for base in each.bases}} - refusals:
        refusals |= more
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef) and _first(node) == "sentence"}
    functions.discard("__init__")
    say_all_themselves = {
        each.name
        for each in classes
        for function in each.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__" and _first(function) != "sentence"
    }
    given = {name for node in nodes if isinstance(node, ast.FunctionDef) for name in _given_classes(node, refusals)}
    return refusals, ({"Sentence"} | refusals | functions | given) - say_all_themselves


def _given_classes(function: ast.FunctionDef, refusals: set[str]) -> Iterator[str]:
    """Parameters that are classes of refusals: ``refusal: type[Conflict]``."""
    for each in (*function.args.args, *function.args.kwonlyargs):
        match each.annotation:
            case ast.Subscript(value=ast.Name(id="type"), slice=ast.Name(id=name)) if name in refusals:
                yield each.arg


def _said(tree: ast.AST, refusals: set[str], makers: set[str]) -> Iterator[ast.expr]:
    """What is said in calls, and the words that go into it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in refusals:
            calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
            yield from (each.args[0] for each in calls if ast.unparse(each.func) == "super().__init__" and each.args)
        elif isinstance(node, ast.Call) and _name(node.func) in makers:
            yield from node.args[:1]
        elif isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg in WORDS)


def _texts(said: ast.expr, names: Mapping[str, list[str]]) -> list[str] | None:
    """What is said; nothing if it is found elsewhere; None if it cannot be seen."""
    match said:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name) if name in ("sentence", *WORDS):
            return []
        case ast.Attribute(attr="text") | ast.Subscript() | ast.Call(func=ast.Name(id="Sentence")):
            return []
    return _constants(said)


def _constants(said: ast.expr) -> list[str] | None:
    match said:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other))):
            return [one, other]
    return None


def _named_constants(tree: ast.AST) -> dict[str, list[str]]:
    """Names that are given texts in this file: ``sentence = "..."``, also side by side with other things."""
    named: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        for target, value in _assigned(node):
            texts = _constants(value)
            if isinstance(target, ast.Name) and texts:
                named.setdefault(target.id, []).extend(texts)
    return named


def _assigned(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            return list(zip(targets, values, strict=True))
        case ast.Assign(targets=[target], value=value):
            return [(target, value)]
    return []


def _first(function: ast.FunctionDef) -> str:
    """The name of the first parameter that a caller gives."""
    names = [each.arg for each in function.args.args if each.arg not in ("self", "cls")]
    return names[0] if names else ""


def _name(node: ast.AST) -> str:
    """`errors.NotFound[X]` goes by NotFound."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
    return ""
