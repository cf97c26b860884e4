"""The page Operate: what an operator sees at a glance, and a person's word on what agents propose.

What is shown is computed by pure files (order, machines, losses, tiles, conditions, decisions, ...) from the newest
picture of the line and turned into text under keys; `live` and `page` bring the texts that have changed to the
browser. Must not know the plant: machines, conveyors and names come from the model.
"""
