"""From catalogues to probabilities: the stages of a match, and its result.

``core`` is :func:`bayesmatch.match`, ``options`` what was asked and ``record`` what was found;
``pipeline`` runs the stages: ``field`` (density of field objects), ``associations`` and
``pruning``, ``posterior`` (NWAY's probabilities), ``host_fraction`` and ``calibrated`` (ours),
``tables`` and ``result``.  ``terms`` states what the calibrated posterior multiplies.
"""
