"""Entry point of the console program `softphonectl` beside the frozen windows program."""

import sys

from softphone.control.cli import main

sys.exit(main())
