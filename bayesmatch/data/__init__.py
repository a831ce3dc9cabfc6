"""Bundled catalogues for the demo; README.md tells their origin."""
