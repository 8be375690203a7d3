"""What is refused about attributes, tags and collections."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Taken


class NoSuchAttribute(NotFound):
    code = "ATTRIBUTE_NOT_FOUND"


class AttributeTaken(Taken):
    code = "ATTRIBUTE_TAKEN"


class AttributeChanged(Conflict):
    code = "ATTRIBUTE_CHANGED"


class AttributeInUse(InvalidInput):
    """Products have values of it that would be lost or no longer fit."""

    code = "ATTRIBUTE_IN_USE"


class WrongValue(InvalidInput):
    """The attribute's type does not allow this value."""

    code = "WRONG_VALUE"


class NoSuchTag(NotFound):
    code = "TAG_NOT_FOUND"


class TagTaken(Taken):
    code = "TAG_TAKEN"


class NoSuchTagChange(NotFound):
    code = "TAG_CHANGE_NOT_FOUND"


class TagChangedSince(Conflict):
    """What was renamed or merged is not any more as that left it: undoing would destroy what came after."""

    code = "TAG_CHANGED_SINCE"


class NoSuchCollection(NotFound):
    code = "COLLECTION_NOT_FOUND"


class CollectionChanged(Conflict):
    code = "COLLECTION_CHANGED"


class FollowsRules(InvalidInput):
    """Its rules say what is in the collection, and nobody else."""

    code = "FOLLOWS_RULES"


class HasNoRules(InvalidInput):
    """The collection was put together by hand."""

    code = "HAS_NO_RULES"


class NoSuchSuggestion(NotFound):
    code = "SUGGESTION_NOT_FOUND"
