"""Backups: a store's whole content in one file, and back again into a store of either kind."""
