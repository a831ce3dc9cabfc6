"""Catalogues: tables with positions, position errors, identifiers and a sky area, all checked.

``base`` says what a stage may ask of any catalogue and ``held`` what of one whose rows are in
memory; ``catalog`` is what a user makes. Before them stand what a catalogue is made of: ``names``,
``columns`` and ``values`` (finding and reading them), ``positions``, ``errors`` with ``gaussian``
and ``quoted``, ``identifiers`` and ``area``.
"""
