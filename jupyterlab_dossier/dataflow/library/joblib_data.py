"""joblib (joblib.readthedocs.io)."""

TABLE = r"""
[module joblib]
Parallel : -> fresh Parallel
delayed : -> fresh decorator
dump : writes 1 filename ; pickles -> fresh list[str]
load : reads 0 filename ; unpickles -> fresh
hash : pickles -> str
cpu_count effective_n_jobs : -> int
parallel_backend parallel_config : -> fresh restorer
Memory : writes <files> -> fresh
[class Parallel = ]
() : -> copy list
"""
