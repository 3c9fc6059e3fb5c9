"""Dallyeok: a realtime calendar server whose departments share their events.

Start reading at ``app.py`` (how the parts are put together), then
``calendar_server/store/contract.py`` (what a store promises) and
``calendar_server/services/editing.py`` (the one way in which anything changes).
"""

__version__ = "0.1.0"
