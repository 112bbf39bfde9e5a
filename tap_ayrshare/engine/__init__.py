"""Requests at the API's pace, and messages in order: knows neither Singer nor Ayrshare."""
