"""The project's own benchmark. `bench.py` beside this folder is its door."""
