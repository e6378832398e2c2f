"""The columns that peewee does not have: an aware UTC moment, and one of a few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, overload

from peewee import Expression, Field, Node

V = TypeVar("V")
Word = TypeVar("Word", bound=str)


class TypedField(Field, Generic[V]):
    """A field whose rows hold a `V`. peewee's own fields can name that type in their stubs only."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> V: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...

        def __set__(self, instance: object, value: V) -> None: ...


class UtcDateTimeField(TypedField[V]):
    """An aware UTC moment: TIMESTAMPTZ in PostgreSQL, sortable ISO text in SQLite. Naive values are refused."""

    field_type = "UTC"

    @overload
    def __init__(
        self: UtcDateTimeField[datetime | None], *, null: Literal[True], index: bool = ...
    ) -> None: ...
    @overload
    def __init__(
        self: UtcDateTimeField[datetime], *, null: Literal[False] = ..., index: bool = ...
    ) -> None: ...
    def __init__(self, *, null: bool = False, index: bool = False) -> None:
        super().__init__(null=null, index=index)

    def db_value(self, value: datetime | None) -> str | None:
        """Return the stored text. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{self.name}: a time without a zone cannot be stored")
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")

    def python_value(self, value: str | datetime | None) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class WordField(TypedField[V]):
    """Text that is one of `words`, a Literal of `extract.values`. Any other text is refused, in conditions too."""

    field_type = "VARCHAR"

    @overload
    def __init__(
        self: WordField[Word | None], words: tuple[Word, ...], *, null: Literal[True], index: bool = ...
    ) -> None: ...
    @overload
    def __init__(
        self: WordField[Word], words: tuple[Word, ...], *, default: Word = ..., index: bool = ...
    ) -> None: ...
    def __init__(self, words: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def get_modifiers(self) -> list[int]:
        """Return the length of the column, as peewee's CharField has it."""
        return [255]

    def db_value(self, value: str | None) -> str | None:
        """Return the word. Raises ValueError for any other text."""
        if value is not None and value not in self.words:
            raise ValueError(f"{self.name}: {value!r} is none of {', '.join(self.words)}")
        return value

    if TYPE_CHECKING:

        def in_(self, words: Iterable[V] | Node) -> Expression: ...  # noqa: D102
        def not_in(self, words: Iterable[V] | Node) -> Expression: ...  # noqa: D102
