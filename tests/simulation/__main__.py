"""`python -m tests.simulation SEED`: live through one seed and print all that happened, requests included."""

from __future__ import annotations

import argparse

from pulumi_hubassoc.portals import Portals
from tests.simulation.naive import NAIVE
from tests.simulation.world import World


def main() -> None:
    """Do so; a seed with several threads depends on who is first, and may need to be lived through more than once."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--naive", choices=[kind.__name__ for kind in NAIVE], help="with a naive strategy instead")
    parser.add_argument("--times", type=int, default=1, help="how often, until it fails")
    given = parser.parse_args()
    kind = next((kind for kind in NAIVE if kind.__name__ == given.naive), None)
    for _ in range(given.times):
        world = World(given.seed, kind or Portals)
        try:
            world.live()
        except BaseException:
            print("\n".join(world.log))
            raise
    print("\n".join(world.log))
    print(f"seed {given.seed} is well: {dict(world.seen)}")


if __name__ == "__main__":
    main()
