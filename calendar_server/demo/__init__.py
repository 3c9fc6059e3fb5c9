"""A believable company to look at, in an embedded store of its own: ``make demo``."""
