"""What messages say: templates per purpose, channel and language, and what is made from them."""
