"""Compiled search on flat arrays, proved equal to `timetabling.penalties` by property tests."""
