"""What each tab of the page shows, as plain data for its template."""
