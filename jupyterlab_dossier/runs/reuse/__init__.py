"""Results of earlier runs: the keys that say what a result hangs on, and what is taken by them."""
