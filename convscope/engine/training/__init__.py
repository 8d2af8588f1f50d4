"""Training: settings, the loop, runs on disk, evaluation, pretrained bases.

`settings`, `control`, `record`, `run`, `smoothing` and `export` need no TensorFlow; `train`, `transfer` and
`evaluate` use it when their functions run.
"""
