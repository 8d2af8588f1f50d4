"""Models: shipped, from templates, from keras.applications, from files; their arithmetic; the builder.

Nothing here imports TensorFlow before a model is opened or built.
"""
