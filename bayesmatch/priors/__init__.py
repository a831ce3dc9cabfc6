"""What counterparts look like: priors that multiply the evidence of a candidate.

The methods that a prior of your own needs, one that learns from the match too, are in
:mod:`bayesmatch.priors.protocol`; :class:`bayesmatch.priors.prior_set.PriorSet` is what a match
does with them.
"""
