"""The page Explore: a workbench for SPARQL, and a way through the graph from node to node.

Asks the replica in the visitor's name and shows what comes back. What is shown, in words, is made by files without the
toolkit; the files that draw are thin. Everything from the graph is untrusted text: IRIs are checked before they enter a
query, and every text is escaped before it becomes HTML. Must not change the graph.
"""
