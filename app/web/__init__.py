"""The web pages: what people look at instead of reading JSON; they call the API's services."""
