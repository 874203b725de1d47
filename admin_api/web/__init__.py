"""What every route shares: decorators, requests, answers, errors, pages."""
