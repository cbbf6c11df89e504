"""`sfm2 doctor`: facts are read, small checks turn them into findings, and each finding says what to do."""
