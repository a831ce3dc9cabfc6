"""The report: one HTML file that says what was matched, how well, and every answer."""
