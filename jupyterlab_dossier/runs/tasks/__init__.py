"""One task: what it is given, where it may run, and its attempts until a committed result."""
