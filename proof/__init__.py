"""The proof: everything that can go wrong, done to real processes over real sockets, and what stands afterwards.

python -m proof             runs disturbed in every way that `cases` lists, compared with an undisturbed world (`make proof`)
python -m proof.safeguards  each safeguard taken out of a copy in turn: a named test fails
python -m proof.mutants     small changes to the parts that matter most: tests notice them
"""
