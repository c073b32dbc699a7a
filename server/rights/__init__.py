"""What a patient may ask of the clinic: who has read her record, to whom it was given, all of it in one file."""
