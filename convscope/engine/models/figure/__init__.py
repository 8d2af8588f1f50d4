"""A network as a figure for papers and slides: drawn once, written as SVG, PDF, PNG or TikZ."""
