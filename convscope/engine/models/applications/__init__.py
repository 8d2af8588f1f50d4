"""`keras.applications`: what is known of each without TensorFlow, and the networks themselves."""
