"""Stories about photographs: sent in pieces, made anew from their pixels, shown to those who may."""
