"""How large a request may be. Every document and every set of variables is measured in linear time, before validation:
some of the standard rules take the square of what they are given."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)

from stoa.graphql.errors import TooComplex
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.languages import Sentence

MAX_BODY = 2**20
MAX_SOCKET_MESSAGE = 2**18
MAX_DOCUMENT = 2**16  # characters; comments and blanks are no tokens, and are read all the same
MAX_TOKENS = 1_000
MAX_DEPTH = 12
MAX_ALIASES = 15
MAX_DIRECTIVES = 50
MAX_FIELDS = 2_000  # with all fragments spread
MAX_REPEATS = 40  # of one field in one place, to be merged
MAX_LIST = 250
MAX_NESTING = 20  # of values in values
MAX_VALUES = 10_000

NUL = "\x00"
LONG_LIST = "A list has {count} values; {limit} are allowed."
NO_NUL = "Text must not contain the character U+0000: PostgreSQL cannot keep it."


class SpreadsItself(InvalidInput):
    """A fragment that is in itself: no document that GraphQL knows."""

    code = "GRAPHQL_VALIDATION_FAILED"


class Measures(NamedTuple):
    """Of a selection, all its fragments spread."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0


LIMITS = (
    (MAX_DEPTH, Sentence("The query is {count} levels deep; {limit} are allowed.")),
    (MAX_ALIASES, Sentence("The query has {count} aliases; {limit} are allowed.")),
    (MAX_DIRECTIVES, Sentence("The query has {count} directives; {limit} are allowed.")),
)


def size_errors(document: DocumentNode) -> list[GraphQLError]:
    """What is too large about a parsed document; it need not be valid."""
    size = _Size(document)
    return [*size.of_selections(), *size.of_values()]


class _Size:
    """Measures one document. A fragment is measured once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self.document = document
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.measured: dict[str, Measures | None] = {}  # None while it is being measured

    def of_selections(self) -> Iterator[GraphQLError]:
        for definition in self.document.definitions:
            if isinstance(getattr(definition, "selection_set", None), SelectionSetNode):
                try:
                    self._check(definition)
                except GraphQLError as error:
                    yield error
                    return  # what is wrong with one is mostly wrong with all that spread it

    def _check(self, definition: Any) -> None:
        measures = self._measure(definition)
        if isinstance(definition, OperationDefinitionNode):
            for found, (limit, sentence) in zip(measures, LIMITS, strict=True):
                if found > limit:
                    raise _too_complex(sentence.text, definition, count=_shown(found), limit=limit)
        _Merging(self.fragments, definition).check([definition.selection_set])

    def _measure(self, node: Any) -> Measures:
        """Numbers may grow astronomic; Python's do not overflow."""
        depth, aliases, directives = 0, 0, len(node.directives or ())
        for child in node.selection_set.selections if node.selection_set else ():
            if isinstance(child, FragmentSpreadNode):
                below = self._fragment(child.name.value)
                below = below._replace(directives=below.directives + len(child.directives or ()))
            else:
                below = self._measure(child)
            if isinstance(child, FieldNode):
                # the depth of introspection has a rule of graphql-core's own
                deeper = 0 if child.name.value.startswith("__") else below.depth + 1
                below = below._replace(depth=deeper, aliases=below.aliases + bool(child.alias))
            depth = max(depth, below.depth)
            aliases, directives = aliases + below.aliases, directives + below.directives
        return Measures(depth, aliases, directives)

    def _fragment(self, name: str) -> Measures:
        if name not in self.fragments:
            return Measures()  # another rule reports unknown names
        if name not in self.measured:
            self.measured[name] = None
            self.measured[name] = self._measure(self.fragments[name])
        found = self.measured[name]
        if found is None:
            raise _refused(SpreadsItself("The fragment {name} spreads itself.", name=name[:60]), self.fragments[name])
        return found

    def of_values(self) -> Iterator[GraphQLError]:
        for node, nesting in _nodes(self.document):
            if isinstance(node, ListValueNode) and len(node.values) > MAX_LIST:
                yield _too_complex(LONG_LIST, node, count=len(node.values), limit=MAX_LIST)
            if nesting > MAX_NESTING:
                yield _too_complex("Values are nested more than {limit} deep.", node, limit=MAX_NESTING)
                return
            if isinstance(node, StringValueNode) and NUL in node.value:
                yield _refused(InvalidInput(NO_NUL), node)


class _Merging:
    """Walks the query as the executor will: what answers under one key is merged, a fragment counts once in a place."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], definition: Node) -> None:
        self.fragments, self.definition, self.left = fragments, definition, MAX_FIELDS

    def check(self, sets: Iterable[SelectionSetNode]) -> None:
        """Raise when too much is to be merged. The fragments spread no cycles and the depth is bounded by now."""
        below: defaultdict[str, list[SelectionSetNode]] = defaultdict(list)
        repeats: Counter[str] = Counter()
        for field in self._fields(sets):
            key = (field.alias or field.name).value
            repeats[key] += 1
            if field.selection_set:
                below[key].append(field.selection_set)
        self.left -= repeats.total()
        if self.left < 0:
            sentence = "The query has more than {limit} fields, its fragments spread."
            raise _too_complex(sentence, self.definition, limit=MAX_FIELDS)
        for key, count in repeats.items():
            if count > MAX_REPEATS:
                sentence = "The query asks for {key} {count} times in one place; {limit} are allowed."
                raise _too_complex(sentence, self.definition, key=key[:60], count=count, limit=MAX_REPEATS)
        for group in below.values():
            self.check(group)

    def _fields(self, sets: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        waiting, spread = list(sets), set()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    yield selection
                elif not isinstance(selection, FragmentSpreadNode):
                    waiting.append(selection.selection_set)  # type: ignore[attr-defined]
                elif selection.name.value not in spread and selection.name.value in self.fragments:
                    spread.add(selection.name.value)
                    waiting.append(self.fragments[selection.name.value].selection_set)


def _nodes(document: DocumentNode) -> Iterator[tuple[Node, int]]:
    """Every node, and in how many lists and objects it stands."""
    waiting: list[tuple[Node, int]] = [(document, 0)]
    while waiting:
        node, nesting = waiting.pop()
        yield node, nesting
        nesting += isinstance(node, ListValueNode | ObjectValueNode)
        for key in node.keys:
            child = getattr(node, key)
            if isinstance(child, Node):
                waiting.append((child, nesting))
            elif isinstance(child, tuple | list):
                waiting.extend((each, nesting) for each in child)


def _too_complex(sentence: str, node: Node, **values: str | int | Sentence) -> GraphQLError:
    return _refused(TooComplex(sentence, path=(), **values), node)


def _refused(refusal: Refusal, node: Node) -> GraphQLError:
    """In English for whoever looks at the document; its reader is told what the refusal says (`errors.presented`)."""
    return GraphQLError(refusal.message, node, original_error=refusal, extensions={"code": refusal.code})


def _shown(number: int) -> int | Sentence:
    return number if number < 10**6 else Sentence("more than a million")


def check_variables(variables: dict[str, Any] | None) -> None:
    """Values in variables are bound like values in the document. Raises `TooComplex`, or `InvalidInput` for a NUL."""
    if not variables:
        return
    left = MAX_VALUES
    waiting: list[tuple[Any, int]] = [(variables, 1)]
    while waiting:
        value, nesting = waiting.pop()
        _check_container(value, nesting)
        left -= len(value)
        if left < 0:
            raise TooComplex("The variables hold more than {limit} values.", limit=MAX_VALUES)
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, str):
                if NUL in each:
                    raise InvalidInput(NO_NUL)
            elif isinstance(each, dict | list):
                waiting.append((each, nesting + 1))


def _check_container(value: Any, nesting: int) -> None:
    if nesting > MAX_NESTING:
        raise TooComplex("The variables are nested more than {limit} deep.", limit=MAX_NESTING)
    if isinstance(value, list) and len(value) > MAX_LIST:
        raise TooComplex(LONG_LIST, count=len(value), limit=MAX_LIST)
