"""The guards of the compiler: each keeps one kind of not-knowing from passing for knowledge.

They are named so that the soundness test can take each away and must notice.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ALL_GUARDS", "Guard"]


class Guard(StrEnum):
    """What would be believed without the guard stands beside each."""

    COALESCE_NEEDS_ABSENT = "coalesce takes its default only where absent"  # NULL is absent
    KNOWN_NEEDS_ABSENT = "is_set and is_absent need a mark"  # NULL is absent
    TAGS_MAY_BE_UNREAD = "unread tags are unknown"  # there are none
    TAG_VALUE_MAY_BE_UNKNOWN = "a tag without a known value is still set"  # it is absent
    UNKNOWN_LIST = "an unread list is unknown"  # it is empty
    OPEN_ELEMENT = "an unread element may not be there"  # it is there
    UNKNOWN_ELEMENT = "an element that is not decided is unknown"  # it does not match
    OPEN_LENGTH = "the length of an open list is not known"  # it is what was read
    COUNT_UNDECIDED = "undecided elements may count"  # they do not
    COUNT_OPEN = "unread elements may count"  # they do not
    UNKNOWN_EDGE = "a reference that leads nowhere known is unknown"  # it does not match
    UNKNOWN_RELATED = "a related row that is not decided is unknown"  # it does not match
    STALE_RELATED = "a stale related row is unknown"  # it is as it was
    UNKNOWN_VERDICT = "a condition that is not decided is unknown"  # it is false
    UNKNOWN_APPLIES = "unknown whether it applies is unknown"  # it does not apply


ALL_GUARDS = frozenset(Guard)
