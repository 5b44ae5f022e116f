"""What is in an answer of Mastodon's API? A server's limits; when a status was posted, who reads it, and its media.

https://docs.joinmastodon.org/entities/Instance/
https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.channels._answers import dotted


def limits(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The limits out of an instance's description, v2 or v1, as far as they make sense."""
    statuses, media = "configuration.statuses", "configuration.media_attachments"
    places = {
        "max_characters": (f"{statuses}.max_characters", "max_toot_chars"),
        "characters_reserved_per_url": (f"{statuses}.characters_reserved_per_url",),
        "max_media_attachments": (f"{statuses}.max_media_attachments",),
        "description_limit": (f"{media}.description_limit", "description_limit"),
        "image_size_limit": (f"{media}.image_size_limit",),
        "image_matrix_limit": (f"{media}.image_matrix_limit",),
    }
    for name, paths in places.items():
        values = (dotted(content, path) for path in paths)
        value = next((each for each in values if type(each) is int and each > 0), None)
        if value is not None:
            yield name, value
    software = f"{content.get('version')} {content.get('source_url')}".lower()
    yield "counts_in_full", "gotosocial" in software


def created(status: Mapping[str, Any]) -> datetime:
    """When a status was posted; one that does not say so counts as recent."""
    try:
        found = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def same_readers(status: Mapping[str, Any], visibility: str) -> bool:
    """Whether a status is for those who read this visibility. A server may make an unlisted status of a public one."""
    there = status.get("visibility") or visibility
    return bool(there == visibility or {there, visibility} == {"public", "unlisted"})


def media_of(status: Mapping[str, Any]) -> list[str]:
    """The ids of what is attached to a status."""
    attached = status.get("media_attachments")
    return [str(each["id"]) for each in attached if "id" in each] if isinstance(attached, list) else []
