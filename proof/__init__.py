"""The proof: everything that can go wrong, done to real processes over real sockets, and what stands afterwards.

`python -m proof` (or `make proof`) plays a hotel's and a firm's sync on the embedded sandbox, disturbs one run after another
in every way that the families list, lets the next runs do their work, and compares what stands with an undisturbed world.
"""
