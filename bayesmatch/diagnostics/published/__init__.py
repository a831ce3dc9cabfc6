"""The table to publish: one row per primary, with its header, in the formats of the journals."""
