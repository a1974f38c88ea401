"""Motion between frames of a clip as recognisers see it: flow, strain, maps, and which clips have any."""
