"""What :func:`bayesmatch.fit_position_errors` is made of: the likelihood and its maximum."""
