"""What users send and receive: the schemas of the HTTP API, its client and its pages."""
