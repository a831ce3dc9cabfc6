"""What :func:`bayesmatch.explain` is made of: the terms, the objects around, and the words."""
