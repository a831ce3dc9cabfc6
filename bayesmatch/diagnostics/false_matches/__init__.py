"""How often chance alone gives a source without a counterpart a match."""
