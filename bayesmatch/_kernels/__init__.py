"""Numba kernels: plain loops on arrays, no units, no strings, no errors raised.

Every kernel works on a range of rows and releases the GIL; :func:`run_ranges` runs the ranges on
threads.  Each range writes only its own segment, or returns its own arrays that are joined in the
order of the ranges, so the number of threads never changes a byte of the result.
"""
