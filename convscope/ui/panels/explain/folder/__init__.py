"""A folder of pictures as a table of what the network says of each."""
