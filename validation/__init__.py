"""Protocols that check the library's claims: ``python -m validation``, from the checkout."""
