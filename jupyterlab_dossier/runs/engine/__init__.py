"""The engine: runs notebooks as workflows and cells one by one, and takes runs up again.

`workflow` and `interactive` are the two ways to run; `engine` hosts both.
"""
