"""joblib (joblib.readthedocs.io)."""

TABLE = r"""
[module joblib]
Parallel : -> alias Parallel
delayed : -> alias decorator
dump : writes 1 filename -> fresh list[str]
load : reads 0 filename -> fresh
hash : -> str
cpu_count effective_n_jobs : -> int
parallel_backend parallel_config : restores -> fresh restorer
Memory : outside a cache folder ; writes <files> -> fresh
[class Parallel = ]
() : -> copy list
"""
