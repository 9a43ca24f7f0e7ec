"""Pages for people: what the API answers, as HTML."""
