"""Models: shipped, from templates, from keras.applications, from files; their arithmetic; the builder.

Nothing here imports TensorFlow before a model is opened or built.

`opened` is a model in use; `program` its inside, all calls in one list; `summary` its arithmetic by layers,
`layer_specs` what is known of each kind of layer; `graph` its drawing; `answers` what it says of images.
`library` lists and opens what has a name (`applications`: those of Keras), `files` what lies on disk
(`files/keras2`: how older ones are mended); `builder` makes new ones, `reuse` from the layers and weights of
an opened one; `export` writes copies for others.
"""
