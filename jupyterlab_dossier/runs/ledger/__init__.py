"""The record: the database of runs, what goes into it, and what is cleaned out of it."""
