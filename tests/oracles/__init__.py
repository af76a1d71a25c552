"""Oracles that need no labels: a workflow run must give the outputs of Restart & Run All."""
