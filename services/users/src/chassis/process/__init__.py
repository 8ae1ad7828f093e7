"""The process: commands, startup, health checks, the server, and a shutdown that loses no request.

Commands import the other modules when they need them, since their libraries load slowly.
"""

from .own_commands import Command
from .startup import load_settings

__all__ = ["Command", "load_settings"]
