"""What is taken of options: what the variants of a product differ in."""

from __future__ import annotations

import strawberry

from stoa.domains import catalog


@strawberry.input(description="A word in another language.")
class WordTranslationInput:
    locale: str = strawberry.field(description="en or zh.")
    own: str = strawberry.field(description="The word as the shop writes it: the option's name, or one of its values.")
    text: str = strawberry.field(description="The word in that language.")


def words(given: list[WordTranslationInput] | None) -> dict[str, dict[str, str]] | None:
    if given is None:
        return None
    found: dict[str, dict[str, str]] = {}
    for each in given:
        found.setdefault(each.locale, {})[each.own] = each.text
    return found


@strawberry.input(description="What the variants of a product differ in.")
class ProductOptionInput:
    name: str = strawberry.field(description="E.g. Colour.")
    values: list[str] = strawberry.field(
        default_factory=list, description="The values there are, in order; those of the variants when left out."
    )
    translations: list[WordTranslationInput] | None = strawberry.field(
        default=None, description="Its name and values in other languages."
    )

    def draft(self) -> catalog.OptionDraft:
        return catalog.OptionDraft(self.name, self.values, words(self.translations))


@strawberry.input(description="A value of an option that is written otherwise from now on.")
class ValueRenameInput:
    value: str = strawberry.field(description="As it is written.")
    new_value: str = strawberry.field(description="As it will be written, in every variant that has it.")


@strawberry.input(description="Changes to one option of a product; what is left out stays.")
class ProductOptionUpdateInput:
    name: str = strawberry.field(description="Which option; one that there is not is a new one.")
    new_name: str | None = strawberry.field(default=None, description="What it is called from now on.")
    rename_values: list[ValueRenameInput] = strawberry.field(
        default_factory=list, description="Values that are written otherwise."
    )
    add_values: list[str] = strawberry.field(default_factory=list, description="Values that there are as well.")
    remove_values: list[str] = strawberry.field(
        default_factory=list, description="Values that there are no more; refused while variants have them."
    )
    value_for_existing: str | None = strawberry.field(
        default=None, description="Of a new option: the value that the variants there are get."
    )
    is_removed: bool = strawberry.field(
        default=False, description="The option is taken away; refused when two variants would be alike then."
    )
    translations: list[WordTranslationInput] | None = strawberry.field(
        default=None, description="Its name and values in other languages: all of them."
    )

    def change(self) -> catalog.OptionChange:
        return catalog.OptionChange(
            self.name,
            new_name=self.new_name,
            renamed=[(each.value, each.new_value) for each in self.rename_values],
            added=self.add_values,
            removed=self.remove_values,
            value_for_existing=self.value_for_existing,
            is_removed=self.is_removed,
            translations=words(self.translations),
        )
