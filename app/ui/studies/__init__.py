"""A study as people read it: sentences, tables, figures, and the report that holds them."""
