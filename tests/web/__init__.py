"""Stories of the pages, told with a browser that knows no script."""
