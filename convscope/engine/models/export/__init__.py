"""A copy of a network for others: files of Keras, SavedModel, ONNX and LiteRT, each with a parity card.

A format is one file here and its line in `formats`. What a copy says is measured, not promised:
`export_model` opens what it has written and asks it the same as the network.
"""
