"""Background work: Celery carries "there is work now", the rows in the database decide what is done."""
