"""Where people and programs meet the twin, and the one place where everything is wired together.

`cli/` is the command line, `core/` the core process, `supervisor` starts and watches the processes, `settings` says
what can be set. Everything else in the project takes its collaborators as arguments. May import all rooms; nothing
imports it.
"""
