"""A timetable for people and their programs, one file a format: values in, text or bytes out."""
