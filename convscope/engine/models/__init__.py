"""Models: shipped, from templates, from keras.applications, from files; their arithmetic; the builder.

Nothing here imports TensorFlow before a model is opened or built.

`catalogue` lists and opens (`open_model`); `opened` is a model in use, `flatten` and `program` its inside;
`sheet`, `kinds` and `receptive` are the arithmetic, `read` that of an opened model; `architecture` and
`build` are the builder, `templates` and `families` what it starts from; `applications` is
keras.applications; `files` opens model files; `preprocessing`, `prediction` and `class_names` are what goes
in and comes out.
"""
