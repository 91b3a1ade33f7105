"""Curriculum-based course timetabling: a pure library (see docs/architecture.md)."""
