"""The life of the process: commands, settings read, health, the server, and an end in which no request is lost.

Commands import the other modules when they need them, since their libraries take a while to load.
"""

from .own_commands import Command
from .startup import load_settings

__all__ = ["Command", "load_settings"]
