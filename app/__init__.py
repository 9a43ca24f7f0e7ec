"""The service: HTTP, pages, commands, and the database behind them."""
