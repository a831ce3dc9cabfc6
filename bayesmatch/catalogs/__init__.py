"""Catalogues: names, columns, positions, errors and areas, in memory or in files."""
