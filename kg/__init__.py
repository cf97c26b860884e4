"""The knowledge graph at work: Change, working graph, Gate, journal, history, replica, link and write gateway.

`change`, `terms`, `graph` and `names` are the words that all rooms above speak. `gate/` decides; `journal/`, `history/`
and `recovery` remember; `opcua/` speaks with controllers; `replica/` answers SPARQL; `channel` and `wire` join the
processes. `stages` holds the protocols that the rooms above implement. Knows no rules, no meaning of shapes, no agents
and no people's interfaces. asyncua stays in `opcua/`, SQLAlchemy in journal, history and the gateway's log.
"""
