"""The documentation: pages written by hand, and the generator of those that are not."""
