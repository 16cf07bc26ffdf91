"""`python -m service.media_engine --address A [--bind B] [--ports LOW-HIGH]`: started by the service."""

from __future__ import annotations

import argparse
import logging
import sys

from service.media_engine.process import serve


def main() -> int:
    """Parse and serve."""
    parser = argparse.ArgumentParser(prog="python -m service.media_engine")
    parser.add_argument("--address", required=True)
    parser.add_argument("--bind", default="", help="where that is another address")
    parser.add_argument("--ports", default="", help="LOW-HIGH")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    low, _, high = options.ports.partition("-")
    ports = (int(low), int(high or low)) if low else None
    return serve(options.address, ports, options.bind)


if __name__ == "__main__":
    sys.exit(main())
