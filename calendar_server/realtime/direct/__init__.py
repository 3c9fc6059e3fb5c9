"""The direct way to websockets: one epoll loop reads all of them, and a room's message is framed once and sent at once.

Nothing in here touches the libraries; what stands between is :mod:`calendar_server.realtime.seams`.
"""
