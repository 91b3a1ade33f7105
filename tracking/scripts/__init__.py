"""Atomic changes in Redis: a Lua script each, and the typed call beside it."""
