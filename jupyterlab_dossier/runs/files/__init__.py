"""Files on their way to a target and back, and files by content."""
