"""Images of the sky under a chart: FITS files with celestial coordinates, and sky surveys."""
