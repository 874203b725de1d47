"""Plans, periods, renewals and allowances."""
