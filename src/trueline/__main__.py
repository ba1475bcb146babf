"""`python -m trueline`."""

from trueline.cli import main

main()
