"""Options: what the variants of a product differ in, with the values there are; each variant has one of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stoa.domains.catalog.errors import NoSuchOption, OptionInUse, SameCombination
from stoa.domains.catalog.translating import clean_words
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput, Refusal, blaming
from stoa.kit.text import clean_line

MAX_OPTIONS, MAX_VALUES, NAME_LIMIT = 5, 100, 60
BETWEEN: Final = " / "  # the values in the title of a variant that was given none


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """An option. `translations`: locale -> its name, and the word for each value: ``{"zh": {"Red": "红"}}``."""

    name: str
    values: Sequence[str] = ()
    translations: Mapping[str, Mapping[str, str]] | None = None

    def checked(self, problems: Problems, i: int) -> OptionDraft:
        at = ("options", i)
        values = [
            problems.tried((*at, "values", j), clean_value, value)
            for j, value in enumerate(self.values[: MAX_VALUES + 1])
        ]
        problems.extend(each.under(*at, "values") for each in _values_wrong(values))
        return OptionDraft(
            problems.tried((*at, "name"), clean_name, self.name),
            values,
            problems.tried((*at, "translations"), clean_words, self.translations),
        )

    @property
    def as_json(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"name": self.name, "values": list(self.values)}
        return stored | ({"translations": self.translations} if self.translations else {})


@dataclass(frozen=True, slots=True)
class OptionChange:
    """What is to become of the option `name`; an unknown name with `value_for_existing` is a new option."""

    name: str
    new_name: str | None = None
    renamed: Sequence[tuple[str, str]] = ()
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    value_for_existing: str | None = None
    is_removed: bool = False
    translations: Mapping[str, Mapping[str, str]] | None = None


def clean_name(name: str) -> str:
    return clean_line(name, what="name of the option", limit=NAME_LIMIT)


def clean_value(value: str) -> str:
    return clean_line(value, what="value", limit=NAME_LIMIT)


def options_wrong(options: Sequence[OptionDraft]) -> Iterator[Refusal]:
    if len(options) > MAX_OPTIONS:
        yield InvalidInput(
            "{count} options; {limit} are allowed.", path=["options"], count=len(options), limit=MAX_OPTIONS
        )
    seen: set[str] = set()
    for i, option in enumerate(options):
        if option.name.casefold() in seen:
            yield InvalidInput("There are two options {name}.", path=["options", i, "name"], name=option.name)
        seen.add(option.name.casefold())


def _values_wrong(values: Sequence[str]) -> Iterator[Refusal]:
    if len(values) > MAX_VALUES:
        yield InvalidInput("More than {limit} values.", limit=MAX_VALUES)
    seen: set[str] = set()
    for j, value in enumerate(values):
        if value.casefold() in seen:
            yield InvalidInput("The value {value} occurs twice.", path=[j], value=value)
        seen.add(value.casefold())


def with_values_of(options: Sequence[OptionDraft], combinations: Sequence[Sequence[str]]) -> list[OptionDraft]:
    """The options, those that named no values having the ones that the variants have, in their order."""
    return [
        option if option.values else replace(option, values=_column(combinations, i))
        for i, option in enumerate(options)
    ]


def _column(combinations: Sequence[Sequence[str]], i: int) -> list[str]:
    return list(dict.fromkeys(each[i] for each in combinations if len(each) > i))


def combinations_wrong(
    options: Sequence[Mapping[str, Any]], combinations: Sequence[Sequence[str]]
) -> Iterator[Refusal]:
    """What is wrong with the variants' values: each must have one known value of each option, no two the same."""
    seen: dict[tuple[str, ...], int] = {}
    for i, values in enumerate(combinations):
        at: tuple[str | int, ...] = ("variants", i, "option_values")
        if len(values) != len(options):
            yield InvalidInput(
                "{count} values for {options} options.", path=at, count=len(values), options=len(options)
            )
            continue
        for j, (option, value) in enumerate(zip(options, values, strict=True)):
            if value not in option["values"]:
                yield InvalidInput("{name} has no value {value}.", path=[*at, j], name=option["name"], value=value)
        if options and tuple(values) in seen:
            yield SameCombination("Two variants are {values}.", path=at, values=BETWEEN.join(values))
        seen[tuple(values)] = i


def title_of(values: Iterable[str]) -> str:
    return BETWEEN.join(values)[:255]


# Changing -------------------------------------------------------------------------------------------------------------


def changed_options(
    options: Sequence[Mapping[str, Any]], combinations: Sequence[Sequence[str]], changes: Sequence[OptionChange]
) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """The options and the variants' values after the changes, made one after the other.

    Raises `NoSuchOption`, `OptionInUse`, `SameCombination` and `InvalidInput`, which blame the change.
    """
    made = [dict(each) for each in options]
    values = [list(each) for each in combinations]
    for i, change in enumerate(changes):
        with blaming("options", i):
            _change(made, values, change)
    for refusal in options_wrong([OptionDraft(each["name"]) for each in made]):
        raise refusal
    seen: set[tuple[str, ...]] = set()
    for each in values:
        if made and tuple(each) in seen:
            raise SameCombination("Two variants would be {each}.", path=["options"], each=BETWEEN.join(each))
        seen.add(tuple(each))
    return made, values


def _change(options: list[dict[str, Any]], combinations: list[list[str]], change: OptionChange) -> None:
    at = next((i for i, each in enumerate(options) if each["name"] == change.name), None)
    if at is None:
        _add(options, combinations, change)
    elif change.is_removed:
        del options[at]
        for values in combinations:
            del values[at]
    else:
        _alter(options[at], at, combinations, change)


def _add(options: list[dict[str, Any]], combinations: list[list[str]], change: OptionChange) -> None:
    if change.is_removed or change.new_name or change.renamed or change.removed:
        raise NoSuchOption("The product has no option {name}.", path=["name"], name=change.name)
    if combinations and change.value_for_existing is None:
        raise InvalidInput("A new option needs a value for the variants there are.", path=["value_for_existing"])
    first = [] if change.value_for_existing is None else [clean_value(change.value_for_existing)]
    values = list(dict.fromkeys([*first, *map(clean_value, change.added)]))
    for refusal in _values_wrong(values):
        raise refusal.under("added")
    options.append(OptionDraft(clean_name(change.name), values, clean_words(change.translations)).as_json)
    for each in combinations:
        each.append(first[0])


def _alter(option: dict[str, Any], at: int, combinations: list[list[str]], change: OptionChange) -> None:
    if change.new_name is not None:
        _reword(option, option["name"], clean_name(change.new_name))
        option["name"] = clean_name(change.new_name)
    for old, new in change.renamed:
        _rename(option, at, combinations, old, clean_value(new))
    values = [*option["values"], *(value for value in map(clean_value, change.added) if value not in option["values"])]
    for value in change.removed:
        _require_unused(at, combinations, value)
    option["values"] = [value for value in values if value not in change.removed]
    for refusal in _values_wrong(option["values"]):
        raise refusal.under("values")
    if change.translations is not None:
        option["translations"] = clean_words(change.translations)


def _rename(option: dict[str, Any], at: int, combinations: list[list[str]], old: str, new: str) -> None:
    if old not in option["values"]:
        raise InvalidInput("{name} has no value {old}.", path=["rename_values"], name=option["name"], old=old)
    _reword(option, old, new)
    option["values"] = [new if value == old else value for value in option["values"]]
    for each in combinations:
        if each[at] == old:
            each[at] = new


def _reword(option: dict[str, Any], old: str, new: str) -> None:
    """A word's translations stay with it."""
    known = option.get("translations", {}).items()
    if known:
        option["translations"] = {
            locale: {new if own == old else own: text for own, text in words.items()} for locale, words in known
        }


def _require_unused(at: int, combinations: list[list[str]], value: str) -> None:
    count = sum(each[at] == value for each in combinations)
    if count:
        raise OptionInUse(
            "{variants} variants are {value}; change or remove them first.",
            path=["removed"],
            variants=count,
            value=value,
        )
