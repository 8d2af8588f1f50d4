"""The model panel: read a network, see its graph, build one, find one."""
