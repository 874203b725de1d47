"""The books as a whole: proof, reports, export."""
