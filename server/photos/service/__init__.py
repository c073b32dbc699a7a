"""What may be done with photographs: announce and find them, take in their bytes, make thumbnails, tidy."""
