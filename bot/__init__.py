"""thisday tells channels, every day at their own hour, what happened on this day.

Where to start reading, about forty minutes: `docs/glossary.md`, one calendar in `events/`, then here:
`calendars/events.py`, `calendars/rules.py`, `calendars/almanac.py`, `editions.py`, `rendering/compose.py`,
`channels/__init__.py` and one platform beside it, `delivery/states.py`, `delivery/courier.py`,
`scheduling/slots.py`, `app.py`. Each file opens with the question it answers.
"""

__version__ = "0.1.0"
