"""How much of the configured rate a backlog uses over a slow wire, and how near it comes to the limit. In virtual time.

PYTHONPATH=tests python benchmarks/pace.py
"""

from __future__ import annotations

from net.test_pace_rate import MINUTES, played


def main() -> None:
    print("latency  at once  used of 100 a minute  most in any 60 s at the remote")
    for latency_s, concurrency in ((0.1, 4), (0.8, 1), (0.8, 4), (3.0, 4), (3.0, 10)):
        wire = played(latency_s, latency_s * 0.8, seed=1, concurrency=concurrency)
        used = sum(each < wire.arrivals[0] + MINUTES * 60 for each in wire.arrivals) / (100 * MINUTES)
        print(f"{latency_s:5.1f} s  {concurrency:7}  {used:20.1%}  {wire.most_in_a_minute():29}")


if __name__ == "__main__":
    main()
