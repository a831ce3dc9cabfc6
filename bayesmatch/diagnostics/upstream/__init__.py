"""A result beside NWAY's own output: what differs, and which known difference of NWAY's it is."""
