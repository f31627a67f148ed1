"""What people declare in files: read, checked, compiled, and found again by a dataset's URI."""
