"""Tables in files: a module per format, and :mod:`.registry`, which knows them all."""
