"""The worker: a process on a target that dials out to the server and hosts worker kernels."""
