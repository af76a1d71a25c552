"""Worker kernels: the Python processes that run cells, and the process they are forked from."""
