"""What customers buy: periods, plans, data; what it costs, and who pays."""
