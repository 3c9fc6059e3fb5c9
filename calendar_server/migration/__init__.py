"""Copies the JSON files of an earlier version into a store; resumable, repeatable, and checked afterwards.

:mod:`reading` finds records in files of many shapes → :mod:`converting` makes departments and events of them →
:mod:`planning` settles duplicates and what the store holds already → :mod:`copying` writes what is missing →
:mod:`verifying` reads it back.
"""
