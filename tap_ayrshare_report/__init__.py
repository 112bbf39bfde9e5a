"""A report in one HTML file, written from the tables that the dbt models build; it shares no code with the tap."""
