"""How do calendars come in from other programs, and go out to them? Values in, values out; the files are the caller's."""
