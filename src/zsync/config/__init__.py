"""The configuration: one TOML file is one sync. The only place that reads TOML and the environment.

    find (where is it?) --> read (TOML) --> secrets (looked up when used) --> settings of the plugins --> Config

An error names file, line and key, and the nearest key where one was mistyped.
"""

from zsync.config.find import find, users_folder
from zsync.config.places import Problem
from zsync.config.read import Config, ConfigProblems, load
from zsync.config.show import shown, shown_lines

__all__ = ["Config", "ConfigProblems", "Problem", "find", "load", "shown", "shown_lines", "users_folder"]
